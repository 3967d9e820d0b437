import { spawn } from 'node:child_process'
import { ip } from './witness.ts'

/** What `ip monitor link` told of a link. */
export interface LinkEvent {
  readonly ifname: string
  readonly up: boolean
  readonly mac: string
}

/** Watches the links of a namespace with `ip monitor`. */
export class LinkMonitor implements Disposable {
  readonly #place: { readonly path: string }
  readonly #monitor
  #output = ''
  #marks = 0

  private constructor(place: { readonly path: string }) {
    this.#place = place
    this.#monitor = spawn('nsenter', [`--net=${place.path}`, '--', 'ip', '-oneline', 'monitor', 'link'], {
      // It complains there about every end of a pair that is elsewhere.
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#monitor.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#output += chunk
    })
  }

  /** Resolves when it watches. */
  static async start(place: { readonly path: string }): Promise<LinkMonitor> {
    const monitor = new LinkMonitor(place)
    await monitor.#mark()
    return monitor
  }

  /** What was told until now. */
  async events(): Promise<LinkEvent[]> {
    await this.#mark()
    return parseEvents(this.#output).filter(({ ifname }) => !ifname.startsWith('mark'))
  }

  [Symbol.dispose](): void {
    this.#monitor.kill()
  }

  /** Makes a link and waits until it is told of: all that went before has been told then. */
  async #mark(): Promise<void> {
    const name = `mark${this.#marks++}`
    for (let attempt = 0; attempt < 50 && !this.#output.includes(name); attempt++) {
      ip(this.#place, 'link', 'add', name, 'type', 'bridge')
      ip(this.#place, 'link', 'delete', name)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    if (!this.#output.includes(name)) throw new Error('Cannot watch links: "ip monitor" tells nothing')
  }
}

function parseEvents(output: string): LinkEvent[] {
  return output.split('\n').flatMap((line) => {
    const [, deleted, ifname = '', flags = ''] = /^(Deleted )?\d+: ([^:@]+)[^:]*: <([^>]*)>/.exec(line) ?? []
    const mac = /link\/ether (\S+)/.exec(line)?.[1]
    if (deleted !== undefined || mac === undefined) return []
    return [{ ifname, mac, up: flags.split(',').includes('UP') }]
  })
}
