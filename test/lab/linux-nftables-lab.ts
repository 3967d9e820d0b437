import { parseCIDR, parseIP } from '@patchbay/address'
import {
  ifname,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
  mark,
  Nftables,
  namedMap,
  namedSet,
} from '@patchbay/linux/nftables'
import { type TestNamespace, withNamespaces } from './namespace-fixture.ts'
import { type JsonObject, runIn } from './witness.ts'

export const table = { family: 'inet', name: 't', comment: 'of a test' } as const
export const input = {
  table,
  name: 'input',
  base: { type: 'filter', hook: 'input', priority: 'filter', policy: 'drop' },
} as const
export const forward = { table, name: 'forward', base: { type: 'filter', hook: 'forward', priority: -7 } } as const
export const prerouting = {
  table,
  name: 'prerouting',
  base: { type: 'nat', hook: 'prerouting', priority: 'dstnat' },
} as const
export const postrouting = {
  table,
  name: 'postrouting',
  base: { type: 'nat', hook: 'postrouting', priority: 'srcnat' },
} as const
export const web = { table, name: 'web', comment: 'jumped to' } as const

export const ports = namedMap({
  table,
  name: 'ports',
  key: [ipv4Addr, inetProto, inetService],
  data: [ipv4Addr, inetService],
  comment: 'forwarded',
})
export const ports6 = namedMap({ table, name: 'ports6', key: [ipv6Addr, inetService], data: [ipv6Addr, inetService] })
export const verdicts = namedMap({ table, name: 'verdicts', key: ifname, data: 'verdict' })
export const ranges = namedSet({ table, name: 'ranges', key: ipv4Addr, interval: true })
export const places = namedSet({ table, name: 'places', key: [ipv4Addr, inetService], interval: true })
export const seen = namedSet({
  table,
  name: 'seen',
  key: ipv4Addr,
  dynamic: true,
  timeoutMs: 60_000,
  gcIntervalMs: 1000,
  size: 9,
})
export const marks = namedSet({ table, name: 'marks', key: mark })

export const [a, b] = [parseIP('10.0.0.1'), parseIP('10.0.0.2')]
export const net = parseCIDR('10.0.0.0/24')

/** A namespace with a table, its chains and sets, all empty. */
export async function withTable(work: (nft: Nftables, place: TestNamespace) => Promise<void>): Promise<void> {
  await withNamespaces(['host'], async ({ host }) => {
    using nft = Nftables.open({ netns: host.netns })
    await nft.transaction((batch) => {
      batch.addTable(table)
      for (const chain of [input, forward, prerouting, postrouting, web]) batch.addChain(chain)
      for (const set of [ports, ports6, verdicts, ranges, places, seen, marks]) batch.addSet(set)
    })
    await work(nft, host)
  })
}

/** What `nft list OBJECT` prints, without the indentation. */
export function listed(place: TestNamespace, ...object: string[]): string[] {
  const lines = runIn(place, 'nft', 'list', ...object).split('\n')
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

/** The objects of one kind that `nft -j list ruleset` shows. */
export function json(place: TestNamespace, kind: string): JsonObject[] {
  const { nftables }: { nftables: JsonObject[] } = JSON.parse(runIn(place, 'nft', '-j', 'list', 'ruleset'))
  return nftables.flatMap((object) => (kind in object ? [object[kind] as JsonObject] : []))
}

/** The lines of a chain that are rules. */
export function listedRules(place: TestNamespace, chain: { name: string }): string[] {
  return listed(place, 'chain', 'inet', 't', chain.name).filter((line) => !/^(table|chain|type|comment|\})/.test(line))
}
