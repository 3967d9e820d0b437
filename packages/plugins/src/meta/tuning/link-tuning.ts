import { MAC } from '@patchbay/address'
import { IFF, type Link, type LinkSettings, setLink } from '@patchbay/linux/route'
import type { ContainerLink, OpenNetns } from '../../link/net-context.ts'
import { messageOf } from '../../request/error-message.ts'
import { runAll } from '../../request/run-all.ts'
import type { LinkBackup } from './backup.ts'
import { type LinkTuning, parseMac } from './config.ts'

/** Most that a queue's length or an MTU can be: the kernel's number has 31 bits. */
const MOST = 0x7fffffff

/** What an interface is set to now, of that which is to be changed. */
export function backupOf(link: Link, { mac, promisc, mtu, allmulti, txQLen }: LinkTuning): LinkBackup {
  return {
    ...(mac && { mac: String(link.address ?? '') }),
    ...(promisc && { promisc: isSet(link, IFF.PROMISC) }),
    ...(mtu !== undefined && { mtu: link.mtu ?? 0 }),
    ...(allmulti !== undefined && { allmulti: isSet(link, IFF.ALLMULTI) }),
    ...(txQLen !== undefined && { txQLen: link.txqlen ?? 0 }),
  }
}

export function isSet({ flags }: Pick<Link, 'flags'>, bit: number): boolean {
  return (flags & bit) !== 0
}

/**
 * Sets what is to be changed of an interface, one thing after another.
 *
 * @throws Error naming the interface and the key
 */
export async function tune(container: OpenNetns, link: ContainerLink, tuning: LinkTuning): Promise<void> {
  for (const step of steps(tuning)) await apply(container, link, step)
}

/** Sets an interface back to what a backup says. Every setting is tried, even if others fail. */
export async function restore(container: OpenNetns, link: ContainerLink, backup: LinkBackup): Promise<void> {
  const { mac, mtu, promisc, allmulti, txQLen } = backup
  const back: [key: string, settings: LinkSettings][] = [
    ['mtu', { mtu }],
    ['mac', { address: mac === undefined || mac === '' ? undefined : MAC.parse(mac) }],
    ['promisc', { promisc }],
    ['allmulti', { allmulticast: allmulti }],
    ['txQLen', { txqlen: txQLen }],
  ]
  const given = back.filter(([, settings]) => Object.values(settings).some((value) => value !== undefined))
  await runAll(...given.map((step) => () => apply(container, link, step)))
}

/** In the order of the reference. */
function steps({ mac, promisc, mtu, allmulti, txQLen }: LinkTuning): [key: string, settings: LinkSettings][] {
  return [
    ...(mac ? [['mac', { address: parseMac(mac) }] as const] : []),
    ...(promisc ? [['promisc', { promisc }] as const] : []),
    ...(mtu === undefined ? [] : [['mtu', { mtu: checked('mtu', mtu) }] as const]),
    ...(allmulti === undefined ? [] : [['allmulti', { allmulticast: allmulti }] as const]),
    ...(txQLen === undefined ? [] : [['txQLen', { txqlen: checked('txQLen', txQLen) }] as const]),
  ].map(([key, settings]) => [key, settings])
}

function checked(key: string, value: number): number {
  if (value >= 0 && value <= MOST) return value
  throw new RangeError(`Cannot use key "${key}": ${value} is not from 0 to ${MOST}`)
}

async function apply(
  { route }: OpenNetns,
  { index, ifName }: ContainerLink,
  [key, settings]: readonly [key: string, settings: LinkSettings],
): Promise<void> {
  try {
    await setLink(route, index, settings)
  } catch (cause) {
    throw new Error(`Cannot set "${key}" of link "${ifName}": ${messageOf(cause)}`, { cause })
  }
}
