import type { Table } from '@patchbay/linux/nftables'

/** What our tables are called, in every family. */
export const tableName = 'patchbay'

const comment = 'Made by Patchbay: rules are few, containers are elements'

/** Where the plugins have their chains, sets and maps: one table for IPv4 and IPv6. */
export const inetTable = { family: 'inet', name: tableName, comment } as const satisfies Table

/** For what must see frames that a bridge forwards. */
export const bridgeTable = { family: 'bridge', name: tableName, comment } as const satisfies Table
