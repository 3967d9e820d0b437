import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `<linux/netlink.h>`, `<linux/netfilter/nfnetlink.h>` */
const HEADER = 16
const NLM_F_DUMP = 0x300
const NFNL_MSG_BATCH_BEGIN = 16
const NFNL_SUBSYS_NFTABLES = 10

/** `<linux/netfilter/nf_tables.h> NFT_MSG_*`, from 0. */
const kinds = ['TABLE', 'CHAIN', 'RULE', 'SET', 'SETELEM'] as const
const names = [
  ...kinds.flatMap((kind) => [`NEW${kind}`, `GET${kind}`, `DEL${kind}`]),
  ...['NEWGEN', 'GETGEN', 'TRACE'],
  ...['NEWOBJ', 'GETOBJ', 'DELOBJ'],
]

const NFNL_SUBSYS_CTNETLINK = 1
/** `<linux/netfilter/nfnetlink_conntrack.h> IPCTNL_MSG_CT_*`, from 0. */
const connectionNames = ['NEW', 'GET', 'DELETE', 'GET_CTRZERO', 'GET_STATS_CPU', 'GET_STATS']

/** The messages that `work` sends to connection tracking, as {@link recordNetfilter} gives those to nf_tables. */
export async function recordConntrack(work: () => Promise<unknown>): Promise<string[]> {
  return (await record(work)).flatMap((datagram) =>
    messagesOf(datagram).flatMap(({ subsystem, number, isDump }) => {
      if (subsystem !== NFNL_SUBSYS_CTNETLINK) return []
      return [`${connectionNames[number]}${number === 1 && isDump ? ' dump' : ''}`]
    }),
  )
}

/**
 * The messages that `work` sends to nf_tables, as strace sees them leave this process: `GETSETELEM 96`, the kind and the
 * length, with `dump` where all of a kind is asked for. Those of one transaction are one, in braces.
 */
export async function recordNetfilter(work: () => Promise<unknown>): Promise<string[]> {
  return (await record(work)).flatMap(describe)
}

/** The datagrams that `work` sends. */
async function record(work: () => Promise<unknown>): Promise<Buffer[]> {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-test-'))
  const log = join(directory, 'strace')
  try {
    const options = ['-f', '-o', log, '-e', 'trace=sendto', '-e', 'write=all', '-e', 'signal=none']
    const strace = spawn('strace', [...options, '-p', String(process.pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(strace, 'exit')
    await once(strace.stderr, 'data')
    await work()
    strace.kill('SIGINT')
    await ended
    return datagrams(readFileSync(log, 'latin1'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Each call's bytes, from the dump that follows it. */
function datagrams(trace: string): Buffer[] {
  const dumps: string[] = []
  for (const line of trace.split('\n')) {
    if (/^\d+ +sendto\(/.test(line)) dumps.push('')
    const bytes = /^ \| [0-9a-f]{5} {2}((?:[0-9a-f]{2} {1,2}){1,16})/.exec(line)?.[1]
    if (bytes !== undefined) dumps.push(`${dumps.pop() ?? ''}${bytes.replaceAll(' ', '')}`)
  }
  return dumps.map((dump) => Buffer.from(dump, 'hex'))
}

interface Message {
  subsystem: number
  number: number
  length: number
  isDump: boolean
}

function messagesOf(datagram: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at + HEADER <= datagram.length; at += (datagram.readUInt32LE(at) + 3) & ~3) {
    const [length, type, flags] = [
      datagram.readUInt32LE(at),
      datagram.readUInt16LE(at + 4),
      datagram.readUInt16LE(at + 6),
    ]
    messages.push({ subsystem: type >> 8, number: type & 0xff, length, isDump: (flags & NLM_F_DUMP) === NLM_F_DUMP })
  }
  return messages
}

/** Messages of other subsystems are left out; the frame of a transaction is its braces. */
function describe(datagram: Buffer): string[] {
  const messages = messagesOf(datagram)
    .filter(({ subsystem }) => subsystem === NFNL_SUBSYS_NFTABLES)
    .map(({ number, length, isDump }) => {
      const name = names[number] ?? String(number)
      return `${name} ${length}${name.startsWith('GET') && isDump ? ' dump' : ''}`
    })
  const isBatch = datagram.length >= HEADER && datagram.readUInt16LE(4) === NFNL_MSG_BATCH_BEGIN
  return isBatch && messages.length > 0 ? [`{ ${messages.join(', ')} }`] : messages
}
