import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'

/** `<linux/rtnetlink.h>`, `<linux/if_link.h>`, `<linux/if_bridge.h>` */
const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const RTM_SETLINK = 19
const AF_BRIDGE = 7
const IFLA = { LINKINFO: 18, AF_SPEC: 26 } as const
const IFLA_INFO = { KIND: 1, DATA: 2 } as const
const IFLA_BRIDGE_VLAN_INFO = 2
const NLMSG_NOOP = 1

const HEADER = 16
const IFINFOMSG = 16

/** How often a plugin may be run until all its requests are known. */
const ATTEMPTS = 100

/** A netlink message about a link, as it was sent. */
interface LinkMessage {
  readonly type: number
  readonly family: number
  readonly attributes: ReadonlyMap<number, Buffer>
}

/** One call of sendto(2). */
interface Send {
  /** Which call of its thread it was, from 1. */
  readonly ordinal: number
  readonly bytes: Buffer
}

/** A request to add a VLAN to a port of a bridge or to take it away. */
export interface VlanRequest {
  readonly request: 'RTM_SETLINK' | 'RTM_DELLINK'
  /** Each VLAN with its `BRIDGE_VLAN_INFO` flags. */
  readonly vlans: readonly { readonly vid: number; readonly flags: number }[]
}

/**
 * What a plugin asks the kernel about the VLANs of ports. On a kernel that can do nothing of the kind, strace turns the
 * requests into some that the kernel says yes to without doing anything, so that the plugin goes on to its next.
 *
 * @param prepare a script that makes the network ready for an ADD, whatever an earlier one has left
 */
export function vlanRequests(scene: Scene, config: JsonObject, prepare: string): VlanRequest[] {
  const found: Send[] = []
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    scene.shell(prepare)
    const injection = injectionOf(found)
    const { status, sends } = injection ? traceAdd(scene, config, injection) : nothing
    if (found.length === 0 && status === 0) return requestsIn(sends)
    if (injection && !isAsMeant(sends, found.length)) continue
    const next = sends.find(({ bytes }) => linkMessages(bytes).some(isVlanRequest))
    if (!next) return requestsIn(found)
    found.push(next)
  }
  throw new Error(`Cannot trace the requests about VLANs: other calls were turned into nothing in ${ATTEMPTS} attempts`)
}

function requestsIn(sends: readonly Send[]): VlanRequest[] {
  return sends.flatMap(({ bytes }) => linkMessages(bytes).filter(isVlanRequest).map(decodeVlanRequest))
}

/** strace counts the calls of each thread: a thread that has as many by chance is hit, too. */
function isAsMeant(sends: readonly Send[], count: number): boolean {
  const changed = sends.flatMap(({ bytes }) => linkMessages(bytes)[0] ?? []).filter(({ type }) => type === NLMSG_NOOP)
  return changed.length === count && changed.every(isAboutVlans)
}

/**
 * The option of strace that turns what was sent by these calls into nothing: it takes one text for all of them, so that
 * several calls must be of one message of one length, and the same number of calls apart; `undefined` when they are not.
 */
function injectionOf(sends: readonly Send[]): string[] | undefined {
  const [first, second] = sends
  const last = sends.at(-1)
  if (!first || !last) return []
  if (!second) return inject(withoutEffect(first.bytes), String(first.ordinal))
  if (!sends.every(({ bytes }) => messageOffsets(bytes).length === 1)) return undefined
  const step = second.ordinal - first.ordinal
  return inject(withoutEffect(first.bytes).subarray(0, 6), `${first.ordinal}..${last.ordinal}+${step}`)
}

function inject(bytes: Buffer, when: string): string[] {
  return ['-e', `inject=sendto:poke_enter=@arg2=${bytes.toString('hex')}:when=${when}`]
}

/** What `IFLA_INFO_DATA` a bridge is made with: attributes by number, in hexadecimal. */
export function bridgeSettings(scene: Scene, config: JsonObject): Record<string, string>[] {
  return traceAdd(scene, config, []).sends.flatMap(({ bytes }) =>
    linkMessages(bytes).flatMap(({ type, attributes }) => {
      const info = attributesOf(attributes.get(IFLA.LINKINFO))
      const isBridge = info.get(IFLA_INFO.KIND)?.toString().startsWith('bridge') ?? false
      if (type !== RTM_NEWLINK || !isBridge) return []
      const data = [...attributesOf(info.get(IFLA_INFO.DATA))]
      return [Object.fromEntries(data.map(([key, value]) => [String(key), value.toString('hex')]))]
    }),
  )
}

/** What an ADD under strace(1) has sent, and its status. */
interface Trace {
  readonly status: number | null
  readonly sends: readonly Send[]
}

const nothing: Trace = { status: null, sends: [] }

function traceAdd(scene: Scene, config: JsonObject, injection: readonly string[]): Trace {
  const wrapper = ['strace', '-f', '-o', '/run/trace', '-e', 'trace=sendto', '-e', 'write=all', ...injection]
  const { status } = scene.call('ADD', config, { wrapper })
  return { status, sends: parseTrace(scene.shell('cat /run/trace')) }
}

function withoutEffect(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (const at of messageOffsets(copy)) copy.writeUInt16LE(NLMSG_NOOP, at + 4)
  return copy
}

/** The calls in the order in which they began, each with its hexadecimal dump. */
function parseTrace(trace: string): Send[] {
  const counts = new Map<string, number>()
  const sends: { ordinal: number; dump: string }[] = []
  for (const line of trace.split('\n')) {
    const thread = /^(\d+) +sendto\(/.exec(line)?.[1]
    const dump = /^ \| [0-9a-f]{5} {2}((?:[0-9a-f]{2} {1,2}){1,16})/.exec(line)?.[1]
    const last = sends.at(-1)
    if (dump !== undefined && last) last.dump += dump.replaceAll(' ', '')
    if (thread === undefined) continue
    const ordinal = (counts.get(thread) ?? 0) + 1
    counts.set(thread, ordinal)
    sends.push({ ordinal, dump: '' })
  }
  return sends.map(({ ordinal, dump }) => ({ ordinal, bytes: Buffer.from(dump, 'hex') }))
}

function messageOffsets(bytes: Buffer): number[] {
  const offsets: number[] = []
  for (let at = 0; at + HEADER <= bytes.length; at += align(Math.max(bytes.readUInt32LE(at), HEADER))) offsets.push(at)
  return offsets
}

function linkMessages(bytes: Buffer): LinkMessage[] {
  return messageOffsets(bytes).flatMap((at) => {
    const message = bytes.subarray(at, at + bytes.readUInt32LE(at))
    if (message.length < HEADER + IFINFOMSG) return []
    const attributes = attributesOf(message.subarray(HEADER + IFINFOMSG))
    return [{ type: message.readUInt16LE(4), family: message.readUInt8(HEADER), attributes }]
  })
}

function attributesOf(bytes: Buffer = Buffer.alloc(0)): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length; at += align(Math.max(bytes.readUInt16LE(at), 4)))
    attributes.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + bytes.readUInt16LE(at)))
  return attributes
}

function align(length: number): number {
  return (length + 3) & ~3
}

function isAboutVlans({ family, attributes }: LinkMessage): boolean {
  return family === AF_BRIDGE && attributes.has(IFLA.AF_SPEC)
}

function isVlanRequest(message: LinkMessage): boolean {
  return isAboutVlans(message) && (message.type === RTM_SETLINK || message.type === RTM_DELLINK)
}

/** `IFLA_BRIDGE_FLAGS` is left out: without it, and with the flag "master", it is the port's bridge that is asked. */
function decodeVlanRequest({ type, attributes }: LinkMessage): VlanRequest {
  const vlan = attributesOf(attributes.get(IFLA.AF_SPEC)).get(IFLA_BRIDGE_VLAN_INFO) ?? Buffer.alloc(4)
  return {
    request: type === RTM_SETLINK ? 'RTM_SETLINK' : 'RTM_DELLINK',
    vlans: [{ vid: vlan.readUInt16LE(2), flags: vlan.readUInt16LE(0) }],
  }
}
