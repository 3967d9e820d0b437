import { comparableState, Names } from './comparable.ts'
import type { Implementation } from './implementation.ts'
import { type NetworkState, settledState } from './network-state.ts'
import type { Json, JsonObject } from './witness.ts'
import { World } from './world.ts'

/** What one call of a plugin printed, and how it ended. */
export interface Reply {
  readonly status: number | null
  readonly stdout: string
}

/** One thing that was seen: the reply to a call, the state of the network, or what a script printed. */
type Observation =
  | { readonly kind: 'reply'; readonly command: string; readonly plugin: string; readonly reply: Reply }
  | { readonly kind: 'state'; readonly state: NetworkState }
  | { readonly kind: 'text'; readonly text: string }

export interface CallOptions {
  /** The plugin; the configuration's `type` by default. */
  plugin?: string
  container?: string
  containerId?: string
  ifName?: string
  netns?: string
  /** `CNI_ARGS` */
  args?: string
  /** The result that the configuration carries. */
  prevResult?: JsonObject | undefined
  /** A program that runs the plugin, with its arguments. */
  wrapper?: readonly string[]
  /** Further variables; `undefined` takes one away. */
  env?: Readonly<Record<string, string | undefined>>
}

export interface SceneOptions {
  containers?: readonly string[]
  containerDad?: boolean
}

/** Set by the test that runs other tests once more, with a daemon behind the executables. */
export const DAEMON_MARK = 'PATCHBAY_TEST_DAEMON'

/** Where each machine has the plugins that are there for the tests, and those that are tested. */
const OWN_PLUGINS = '/run/plugins'
const PLUGINS = '/run/tested-plugins'

/** One implementation on a machine of its own: what a scenario does, and what is seen of it. */
export class Scene implements Disposable {
  readonly #world: World
  readonly #daemon: number | undefined
  readonly #observations: Observation[] = []
  readonly #inputs: string[] = []
  #result: JsonObject | undefined

  private constructor(world: World, daemon: number | undefined) {
    this.#world = world
    this.#daemon = daemon
  }

  static async open(implementation: Implementation, options: SceneOptions = {}): Promise<Scene> {
    const { containers = ['c1'], containerDad = true } = options
    const world = await World.open({ containers, containerDad })
    world.shell(`mkdir ${PLUGINS} ${OWN_PLUGINS}; mount --bind ${implementation.directory} ${PLUGINS}`)
    const hasDaemon = process.env[DAEMON_MARK] !== undefined && implementation.name === 'patchbay'
    return new Scene(world, hasDaemon ? startDaemon(world) : undefined)
  }

  /** Runs a shell script on the host and returns what it printed. */
  shell(script: string): string {
    this.#inputs.push(script)
    return this.#world.shell(script)
  }

  /** Runs a shell script in a container. */
  inContainer(script: string, container = 'c1'): string {
    return this.shell(`nsenter --net=/run/netns/${container} sh -ec '${script}'`)
  }

  /**
   * Puts a plugin of the test's own into `CNI_PATH`: a shell script. Its environment is the call's; it finds its
   * standard input in the file that `$INPUT` names.
   */
  install(name: string, script: string): void {
    const text = `#!/bin/sh\nINPUT=$(mktemp -p /run)\ncat >"$INPUT"\n${script}\n`
    this.#world.run(['sh', '-c', `cat >${OWN_PLUGINS}/${name}; chmod 755 ${OWN_PLUGINS}/${name}`], { input: text })
  }

  /** Calls a plugin and keeps what it replied. */
  call(command: string, config: JsonObject | string, options: CallOptions = {}): Reply {
    const { container = 'c1', args, env = {}, prevResult, wrapper = [] } = options
    const plugin = options.plugin ?? (typeof config === 'string' ? '' : String(config['type']))
    const { status, stdout } = this.#world.run([...wrapper, `${PLUGINS}/${plugin}`], {
      input: typeof config === 'string' ? config : JSON.stringify(prevResult ? { ...config, prevResult } : config),
      env: {
        PATH: process.env['PATH'],
        CNI_COMMAND: command,
        CNI_CONTAINERID: options.containerId ?? container,
        CNI_NETNS: options.netns ?? `/run/netns/${container}`,
        CNI_IFNAME: options.ifName ?? 'eth0',
        CNI_PATH: `${OWN_PLUGINS}:${PLUGINS}`,
        ...(args !== undefined && { CNI_ARGS: args }),
        ...env,
      },
    })
    this.#inputs.push(JSON.stringify(config), args ?? '')
    this.#observations.push({ kind: 'reply', command, plugin, reply: { status, stdout } })
    return { status, stdout }
  }

  /** Attaches, checks and detaches a container, and keeps what there is in between and afterwards. */
  lifetime(config: JsonObject, options: CallOptions = {}): void {
    this.add(config, options)
    this.show()
    this.check(config, options)
    this.del(config, options)
    this.show()
  }

  /** Calls ADD; what it returns is the `prevResult` of the calls that follow. */
  add(config: JsonObject, options: CallOptions = {}): JsonObject {
    const { status, stdout } = this.call('ADD', config, options)
    const document: JsonObject = JSON.parse(stdout)
    this.#result = status === 0 ? document : undefined
    return document
  }

  /** Calls CHECK with the result of the last ADD. */
  check(config: JsonObject, options: CallOptions = {}): Reply {
    return this.call('CHECK', config, { prevResult: this.#result, ...options })
  }

  /** Calls DEL with the result of the last ADD. */
  del(config: JsonObject, options: CallOptions = {}): Reply {
    return this.call('DEL', config, { prevResult: this.#result, ...options })
  }

  /** Looks at the network, and keeps what is seen. */
  show(): NetworkState {
    const state = settledState(this.#world)
    this.#observations.push({ kind: 'state', state })
    return state
  }

  /** Keeps what a script prints. */
  look(script: string): string {
    const text = this.#world.shell(script)
    this.#observations.push({ kind: 'text', text })
    return text
  }

  /** The path by which this process finds the namespace of a container. */
  netnsOf(container: string): string {
    return this.#world.path(`/run/netns/${container}`)
  }

  /** What was seen, without what differs from one run to the next. */
  observed(): Json[] {
    const names = new Names(this.#inputs)
    return this.#observations.map((each): Json => {
      names.beginObservation()
      if (each.kind === 'state') return comparableState(each.state, names)
      if (each.kind === 'text') return names.replaceIn(each.text)
      return { plugin: each.plugin, ...observedReply(each.command, each.reply, names) }
    })
  }

  [Symbol.dispose](): void {
    try {
      if (this.#daemon !== undefined) this.#endDaemon(this.#daemon)
    } finally {
      this.#world[Symbol.dispose]()
    }
  }

  /** Throws when the daemon did not serve what was called. */
  #endDaemon(daemon: number): void {
    const { status, stdout } = this.#world.run([`${PLUGINS}/patchbay`, 'status', '--json'])
    process.kill(daemon, 'SIGKILL')
    const hasAdded = this.#observations.some((each) => each.kind === 'reply' && each.command === 'ADD')
    if (hasAdded && (status !== 0 || !/"ADD": \d/.test(stdout))) throw new Error(`The daemon served nothing: ${stdout}`)
  }
}

/** Starts a daemon on a machine and returns its process id. */
function startDaemon(world: World): number {
  const daemon = `${PLUGINS}/patchbayd </dev/null >/dev/null 2>&1`
  return Number(world.shell(`${daemon} & echo $!; until [ -S /run/patchbay/patchbay.sock ]; do sleep 0.01; done`))
}

/** A result as the text that it is; an error by its parts, some of which may be worded in another way. */
function observedReply(command: string, { status, stdout }: Reply, names: Names): JsonObject {
  const text = names.replaceIn(stdout)
  if (status === 0 || !text.startsWith('{\n    "code": ')) return { command, status, stdout: text }
  return { command, status, error: JSON.parse(text) }
}
