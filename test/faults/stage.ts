import assert from 'node:assert/strict'
import { changes, type Facts, factsOf } from '../lab/machine-facts.ts'
import { type Attachment, ListCaller, type NetworkList, networkLists, prepareHost } from '../lab/network-lists.ts'
import type { Json, JsonObject } from '../lab/witness.ts'
import { type Outcome, World } from '../lab/world.ts'

/** One of many attachments, each of a container that had none before. */
export interface Turn {
  readonly to: Attachment
  readonly list: NetworkList
}

const bystander: Attachment = { container: 'c2', ifName: 'eth0' }

export interface StageOptions {
  /** Whether a network has as many addresses as it takes to attach three containers, and no more. */
  readonly scarce?: boolean
  /** Which changes are the test's own, in words of `changes()`. */
  readonly ignored?: (line: string) => boolean
}

/** Whether a change is of what the daemon itself has in /run, or of its test. */
export function isOfDaemon(line: string): boolean {
  return /^. files: \/run\/(?:patchbay|log|exit)\b/.test(line)
}

/** The namespaces of containers on a machine. */
export const containers = ['c1', 'c2', 'c3']

/** A machine on which a list has been used: containers were attached and detached, another one is attached and stays. */
export class Stage implements Disposable {
  readonly world: World
  readonly list: NetworkList
  /** How the machine must look whenever the second container alone is attached. */
  before: Facts = new Map()
  #turns = 0
  #addresses: string[] = []
  readonly #ignored: (line: string) => boolean

  private constructor(world: World, name: string, { scarce = false, ignored = () => false }: StageOptions) {
    const list = networkLists[name] ?? { plugins: [] }
    this.world = world
    this.list = scarce ? narrow(list) : list
    this.#ignored = ignored
  }

  static async open(name: string, options: StageOptions = {}): Promise<Stage> {
    const world = await World.open({ containers, containerDad: false })
    return Stage.on(world, name, options)
  }

  static on(world: World, name: string, options: StageOptions = {}): Stage {
    try {
      const stage = new Stage(world, name, options)
      stage.#prepare()
      return stage
    } catch (error) {
      world[Symbol.dispose]()
      throw error
    }
  }

  #prepare(): void {
    this.world.shell(prepareHost)
    const { to, list } = this.turn()
    const caller = new ListCaller(this.world, list)
    if (this.isShared) this.#addresses = addressesOf(succeeded(new ListCaller(this.world, this.list).add(bystander)))
    succeeded(caller.add(to))
    succeeded(caller.del(to))
    assert.equal(this.useAllAddresses(), '')
    this.before = factsOf(this.world)
  }

  /** Whether a second container can be attached. */
  get isShared(): boolean {
    return !this.list.plugins.some(({ mode }) => mode === 'passthru')
  }

  /** An attachment that there has not been. What one leaves is not taken away by the next. */
  turn(container = 'c1'): Turn {
    const number = ++this.#turns
    return {
      to: { container, ifName: `eth${number % 10}`, id: `${container}-${number}` },
      list: withPorts(this.list, number),
    }
  }

  caller({ list }: Turn): ListCaller {
    return new ListCaller(this.world, list)
  }

  /** For the plugins of a list from one up to another, which is left out. */
  callerOf({ list }: Turn, from: number, to: number, prevResult?: JsonObject): ListCaller {
    const plugins = list.plugins.slice(from, to).map((plugin) => ({ ...plugin, ...(prevResult && { prevResult }) }))
    return new ListCaller(this.world, { ...list, plugins })
  }

  /** GC after which only the second container has what it had. */
  collect(): Outcome {
    return new ListCaller(this.world, this.list).gc(this.isShared ? [bystander] : [])
  }

  /** What is other than it should be; several lines. */
  left(since = this.before): string {
    return changes(since, factsOf(this.world))
      .filter((line) => !this.#ignored(line))
      .join('\n')
  }

  /** Attaches two more containers, for which there must be an address each, and detaches them. Gives a complaint. */
  useAllAddresses(): string {
    if (!this.isShared) return ''
    const turns = [this.turn('c1'), this.turn('c3')]
    const seen = new Set(this.#addresses)
    const complaints = turns.flatMap((turn) => {
      const outcome = this.caller(turn).add(turn.to)
      if (outcome.status !== 0) return [`an ADD that should succeed: ${said(outcome)}`]
      const given = hasLeases(this.list) ? addressesOf(outcome) : []
      const twice = given.filter((address) => seen.has(address))
      for (const address of given) seen.add(address)
      return twice.map((address) => `the address ${address} was given twice`)
    })
    for (const turn of turns) {
      const outcome = this.caller(turn).del(turn.to)
      if (outcome.status !== 0) complaints.push(`a DEL that should succeed: ${said(outcome)}`)
    }
    return complaints.join('\n')
  }

  [Symbol.dispose](): void {
    this.world[Symbol.dispose]()
  }
}

export function said({ status, stdout, stderr }: Outcome): string {
  return `status ${status}: ${stdout}${stderr}`.trim()
}

function succeeded(outcome: Outcome): Outcome {
  assert.equal(outcome.status, 0, said(outcome))
  return outcome
}

/** What is wrong with a failure; `''` for nothing: it has to be an error as runtimes read it. */
export function complaintOfError(outcome: Outcome): string {
  if (outcome.status !== 1) return said(outcome)
  try {
    const { code, msg }: { code?: unknown; msg?: unknown } = JSON.parse(outcome.stdout)
    return typeof code === 'number' && typeof msg === 'string' ? '' : `no error object: ${said(outcome)}`
  } catch {
    return `no JSON: ${said(outcome)}`
  }
}

function addressesOf({ stdout }: Outcome): string[] {
  if (stdout === '') return []
  const { ips = [] }: { ips?: { address: string }[] } = JSON.parse(stdout)
  return ips.map(({ address }) => address)
}

function hasLeases({ plugins }: NetworkList): boolean {
  return JSON.stringify(plugins).includes('host-local')
}

const three = { rangeStart: 10, rangeEnd: 12 }

/** Three addresses of each range. */
function narrow(list: NetworkList): NetworkList {
  return { ...list, plugins: list.plugins.map((plugin) => ({ ...plugin, ...narrowIpam(plugin['ipam']) })) }
}

function narrowIpam(ipam: Json | undefined): JsonObject {
  if (ipam === undefined) return {}
  const { ranges, ...keys } = ipam as JsonObject
  if (ranges === undefined) return { ipam }
  const narrowed = (ranges as { subnet: string }[][]).map((set) =>
    set.map(({ subnet }) => {
      const prefix = subnet.replace(/(?:0|:)\/\d+$/, (end) => (end.startsWith(':') ? ':' : ''))
      const ends = Object.entries(three).map(([key, last]) => [key, `${prefix}${last}`])
      return { subnet, ...Object.fromEntries(ends) }
    }),
  )
  return { ipam: { ...keys, ranges: narrowed } }
}

/** Ports of the host that neither the container that stays has nor one of the turns before. */
function withPorts(list: NetworkList, turn: number): NetworkList {
  const mappings = list.capabilityArgs?.['portMappings']
  if (mappings === undefined) return list
  const own = (mappings as { hostPort: number }[]).map((mapping) => ({
    ...mapping,
    hostPort: mapping.hostPort + (1 + (turn % 500)) * 100,
  }))
  return { ...list, capabilityArgs: { ...list.capabilityArgs, portMappings: own } }
}
