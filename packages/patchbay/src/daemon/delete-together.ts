import { isNetlinkError, type NamespaceHandle, type NetlinkSocket, type RawMessage } from '@patchbay/linux/netlink'
import { littleEndian } from '@patchbay/linux/netlink/raw'
import { deleteLink, deleteLinkGroup, openRouteSocket, RTNLGRP, setLinkRequest } from '@patchbay/linux/route'
import { AF, ifinfomsg, linkOperations } from '@patchbay/linux/route/raw'
import { checked, native } from '@patchbay/linux/sys'
import { Deferred } from './deferred.ts'

/**
 * A socket filter, `<linux/filter.h>`: of all that is told about links, only that one is gone. A link that leaves its bridge
 * is said to be deleted, too, by the bridge: family AF_BRIDGE.
 */
const deletedLinks = filterProgram([
  [0x28, 0, 0, 4], // the type of the message, read as a big-endian number
  [0x15, 0, 3, littleEndian ? linkOperations.delete.type << 8 : linkOperations.delete.type],
  [0x30, 0, 0, 16], // ifi_family
  [0x15, 0, 1, AF.UNSPEC],
  [0x06, 0, 0, 0xffffffff],
  [0x06, 0, 0, 0],
])

/** How often a deletion that has ended is looked for among announcements that have been sent already. */
const LISTEN_MS = 50

/** The deletion of links in one request. No promise counts as unhandled when nobody waits for it. */
export interface GroupDeletion {
  /** Settles once the kernel has started, before any of `gone`, or the deletion has failed. Never rejects. */
  readonly asked: Promise<void>
  /** By index: settles when the kernel announces that link gone, or ends as `end`. */
  readonly gone: ReadonlyMap<number, Promise<void>>
  /** Settles when the kernel has finished; rejects with a NetlinkError when it refuses. */
  readonly end: Promise<void>
}

/**
 * Begins to delete links, given by their indexes, in one request. One that is gone already is fine. When the kernel has
 * announced all of them gone, it goes on with what nobody sees.
 */
export function deleteTogether(netns: NamespaceHandle, indexes: readonly number[]): GroupDeletion {
  const asked = new Deferred()
  const gone = new Map(indexes.map((index) => [index, new Deferred()]))
  const onAsked = () => asked.resolve()
  const onGone = (index: number) => {
    onAsked()
    gone.get(index)?.resolve()
  }
  const end = deleteAndListen(netns, indexes, { onAsked, onGone })
  end.then(onAsked, onAsked)
  for (const { resolve, reject } of gone.values()) end.then(() => resolve(), reject)
  return { asked: asked.promise, gone: new Map([...gone].map(([index, { promise }]) => [index, promise])), end }
}

/** Returns when the kernel has finished. */
async function deleteAndListen(
  netns: NamespaceHandle,
  indexes: readonly number[],
  { onAsked, onGone }: { onAsked: () => void; onGone: (index: number) => void },
): Promise<void> {
  using listener = openRouteSocket({ netns, groups: [RTNLGRP.LINK] })
  checked('setsockopt', native().attachFilter(listener.fd, deletedLinks))
  using socket = openRouteSocket({ netns })
  const [only = 0] = indexes
  const group = indexes.length === 1 ? undefined : await makeGroup(socket, indexes)
  const deletion = { hasEnded: false }
  const request = group === undefined ? deleteLink(socket, only) : deleteLinkGroup(socket, group)
  const end = request.catch(unlessGone).finally(() => {
    deletion.hasEnded = true
  })
  // Its failure is thrown below; meanwhile it must not count as unhandled.
  end.catch(() => undefined)
  // What others do meanwhile should not keep the request and the first wait from the threads that carry them out.
  setImmediate(onAsked)
  await announce(listener, { left: new Set(indexes), deletion, onGone })
  listener.close()
  await end
}

function unlessGone(error: unknown): void {
  if (!isNetlinkError(error, 'ENODEV')) throw error
}

async function makeGroup(socket: NetlinkSocket, indexes: readonly number[]): Promise<number> {
  const group = randomGroup()
  try {
    await socket.request(indexes.map((index) => setLinkRequest(index, { group })))
  } catch (error) {
    if (!isNetlinkError(error, 'ENODEV')) throw error
  }
  return group
}

/** One of a thousand million: people number theirs from 1. */
function randomGroup(): number {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1))
  return 0x40000000 + (number & 0x3fffffff)
}

async function announce(
  listener: NetlinkSocket,
  options: { left: Set<number>; deletion: { readonly hasEnded: boolean }; onGone: (index: number) => void },
): Promise<void> {
  const { left, deletion, onGone } = options
  while (left.size > 0 && !deletion.hasEnded) {
    for (const message of (await received(listener)) ?? []) {
      const index = deletedIndex(message)
      if (left.delete(index)) onGone(index)
    }
  }
}

/** When announcements were lost, the end of the request tells. */
async function received(listener: NetlinkSocket): Promise<RawMessage[] | undefined> {
  try {
    return await listener.receive(LISTEN_MS)
  } catch {
    return undefined
  }
}

function deletedIndex(message: RawMessage): number {
  return ifinfomsg.read(message.body.subarray(0, ifinfomsg.size)).index
}

/** `struct sock_filter`: code, jumps and operand of each instruction. */
function filterProgram(instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(8 * instructions.length)
  const view = new DataView(bytes.buffer)
  for (const [at, [code, jumpTrue, jumpFalse, operand]] of instructions.entries()) {
    view.setUint16(8 * at, code, littleEndian)
    view.setUint8(8 * at + 2, jumpTrue)
    view.setUint8(8 * at + 3, jumpFalse)
    view.setUint32(8 * at + 4, operand, littleEndian)
  }
  return bytes
}
