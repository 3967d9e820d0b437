import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { ip } from './witness.ts'

interface Place {
  readonly path: string
}

/** Sends to whoever connects for as long as somebody reads, or reads for as long as somebody sends. */
const receiver = `
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume())
  server.listen(5001, '0.0.0.0', () => console.log('ready'))
`
const sender = `
  const socket = require('node:net').connect({ host: process.argv[1], port: 5001 }).on('error', () => process.exit(1))
  const chunk = Buffer.alloc(65536)
  const send = () => { while (socket.write(chunk)); }
  socket.on('connect', send).on('drain', send)
`

/** Bytes flow over TCP from one namespace to an address in another, as many as get through, until disposed. */
export class Transfer implements Disposable {
  readonly #processes: readonly ChildProcess[]

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes
  }

  static async start(from: Place, to: Place, address: string): Promise<Transfer> {
    const server = spawn('nsenter', [`--net=${to.path}`, '--', process.execPath, '-e', receiver], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const chunk of server.stdout) if (String(chunk).includes('ready')) break
    const client = spawn('nsenter', [`--net=${from.path}`, '--', process.execPath, '-e', sender, address], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return new Transfer([server, client])
  }

  [Symbol.dispose](): void {
    for (const process of this.#processes) process.kill('SIGKILL')
  }
}

/**
 * The bits a second that leave by a link, once more than `settled` bytes have: what passes at once at the beginning does not count.
 *
 * @param seconds for how long they are counted
 */
export async function rateOf(
  place: Place,
  link: string,
  { settled, seconds }: { readonly settled: number; readonly seconds: number },
): Promise<number> {
  const sent = () => Number(/"tx":\{"bytes":(\d+)/.exec(ip(place, '-json', '-statistics', 'link', 'show', link))?.[1])
  const start = sent()
  while (sent() - start <= settled) await delay(20)
  const [first, began] = [sent(), performance.now()]
  await delay(seconds * 1000)
  const [last, ended] = [sent(), performance.now()]
  return (8 * (last - first)) / ((ended - began) / 1000)
}
