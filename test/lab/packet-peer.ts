import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { slowness } from './slowness.ts'

interface Place {
  readonly path: string
}

/** Where a server is asked. */
export interface Destination {
  protocol: 'tcp' | 'udp'
  address: string
  port: number
  /** Port that the question comes from; any by default. */
  from?: number
}

const limitMs = 900 * slowness

/** Answers over TCP and UDP, IPv4 and IPv6, with a name and the address that the question came from. */
const serverProgram = `
  const [name, port] = process.argv.slice(1)
  const answer = (address) => name + ' saw ' + address.replace('::ffff:', '')
  const tcp = require('node:net').createServer((socket) => {
    socket.on('error', () => {})
    socket.end(answer(socket.remoteAddress))
  })
  const udp = require('node:dgram').createSocket('udp6')
  udp.on('message', (_, from) => udp.send(answer(from.address), from.port, from.address))
  tcp.listen(+port, '::', () => udp.bind(+port, '::', () => console.log('ready')))
`

/** Asks again and again, so that one lost packet counts for nothing, and prints the answer; nothing when none comes. */
const clientProgram = `
  const [protocol, address, port, from, limitMs] = process.argv.slice(1)
  const end = () => process.exit(0)
  const say = (text) => { process.stdout.write(String(text)); end() }
  const connect = () => require('node:net').connect({ host: address, port: +port }).on('error', end).on('data', say)
  const again = (ask) => { ask(); setInterval(ask, 200) }
  setTimeout(end, +limitMs)
  if (protocol === 'tcp') again(connect)
  else {
    const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.on('error', end).on('message', say)
    socket.bind(+from, () => again(() => socket.send('?', +port, address, () => {})))
  }
`

/** A server in a namespace, until it is disposed of. */
export class Server implements Disposable {
  readonly #process: ChildProcess

  private constructor(process_: ChildProcess) {
    this.#process = process_
  }

  static async start(place: Place, { name, port }: { name: string; port: number }): Promise<Server> {
    const command = [`--net=${place.path}`, '--', process.execPath, '-e', serverProgram, name, String(port)]
    const server = spawn('nsenter', command, { stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const chunk of server.stdout) if (String(chunk).includes('ready')) return new Server(server)
    throw new Error(`Cannot start server "${name}": it ended`)
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL')
  }
}

/** Asks a server from a namespace: `web saw 192.0.2.2`, or nothing when no answer comes within 0.9 seconds, or longer on a slow machine. */
export function ask(place: Place, { protocol, address, port, from = 0 }: Destination): string {
  const words = [protocol, address, String(port), String(from), String(limitMs)]
  const command = [`--net=${place.path}`, '--', process.execPath, '-e', clientProgram, ...words]
  const { stdout, stderr, error } = spawnSync('nsenter', command, { encoding: 'utf8' })
  if (error) throw error
  if (stderr !== '') throw new Error(`Cannot ask ${address}: ${stderr}`)
  return stdout
}
