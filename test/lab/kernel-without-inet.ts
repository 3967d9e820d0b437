import type { Native } from '@patchbay/linux/sys'

/** `<linux/netlink.h>`, `<linux/netfilter/nfnetlink.h>`, `<linux/netfilter.h>` */
const HEADER = 16
const NFNL_SUBSYS_NFTABLES = 10
const NFPROTO_INET = 1
/** A family that no kernel has. */
const NO_FAMILY = 200

let isActive = false

/**
 * Runs `work` as if the kernel were built without `CONFIG_NF_TABLES_INET`: what this process sends about tables of that
 * family is about one that the kernel does not know, so that the kernel's own answers come back. Has to be imported before
 * the native addon is loaded.
 */
export async function withoutInet(work: () => Promise<void>): Promise<void> {
  isActive = true
  try {
    await work()
  } finally {
    isActive = false
  }
}

const dlopen = process.dlopen.bind(process)
process.dlopen = (module: { exports: unknown }, ...rest) => {
  dlopen(module, ...rest)
  module.exports = withChangedBytes(module.exports as Native)
}

function withChangedBytes(addon: Native): Native {
  const { send, sendAsync, exchange, exchangeAsync } = addon
  return {
    ...addon,
    send: (fd, bytes) => send(fd, replaceFamily(bytes)),
    sendAsync: (fd, bytes) => sendAsync(fd, replaceFamily(bytes)),
    exchange: (fd, bytes, ...rest) => exchange(fd, replaceFamily(bytes), ...rest),
    exchangeAsync: (fd, bytes, ...rest) => exchangeAsync(fd, replaceFamily(bytes), ...rest),
  }
}

function replaceFamily(bytes: Uint8Array): Uint8Array {
  if (!isActive) return bytes
  const copy = Buffer.from(bytes)
  for (let at = 0; at + HEADER < copy.length; at += (copy.readUInt32LE(at) + 3) & ~3) {
    if (copy.readUInt32LE(at) < HEADER) break
    const isNftables = copy.readUInt16LE(at + 4) >> 8 === NFNL_SUBSYS_NFTABLES
    if (isNftables && copy[at + HEADER] === NFPROTO_INET) copy[at + HEADER] = NO_FAMILY
  }
  return copy
}
