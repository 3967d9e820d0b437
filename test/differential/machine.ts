import { comparableFacts, Names } from '../lab/comparable.ts'
import { type Implementation, patchbay } from '../lab/implementation.ts'
import { type Facts, factsOf } from '../lab/machine-facts.ts'
import type { Json, JsonObject } from '../lab/witness.ts'
import { type Outcome, World } from '../lab/world.ts'
import type { Attachment, Case, Step } from './case.ts'

/** What there is on every machine: `lan` is a link that others can be put upon, and each container has a link `inner`. */
const setUp = `
mkdir /run/patchbay-plugins /run/reference-plugins
mount --bind "$PATCHBAY" /run/patchbay-plugins
mount --bind "$REFERENCE" /run/reference-plugins
ip link add lan address 02:00:00:00:01:01 type veth peer name lan-far address 02:00:00:00:01:02
ip link set lan up; ip link set lan-far up
for path in /run/netns/*; do
  ip -n "\${path##*/}" link add inner address 02:00:00:00:01:03 type veth peer name inner-far address 02:00:00:00:01:04
done`

/** What is seen of one call: how it ended, what it printed, and if it was looked, everything on the machine. */
export interface Seen {
  readonly step: Step
  readonly status: number | null
  readonly facts: Facts
}

/** A machine that has the plugins of both implementations. */
export class Machine implements Disposable {
  readonly #world: World
  readonly #results = new Map<string, JsonObject>()
  readonly #living = new Map<string, Attachment>()

  private constructor(world: World) {
    this.#world = world
  }

  static async open(tried: Case, reference: Implementation): Promise<Machine> {
    const containers = [...new Set(tried.steps.map(({ container }) => container))]
    const world = await World.open({ containers, containerDad: false })
    const env = { ...process.env, PATCHBAY: patchbay.directory, REFERENCE: reference.directory }
    const { status, stderr } = world.run(['sh', '-ec', `${setUp}\n${tried.host}`], { env })
    if (status !== 0) throw new Error(`Cannot set a machine up: ${stderr}`)
    return new Machine(world)
  }

  /** Calls a plugin of an implementation as the step says. */
  take(tried: Case, step: Step, by: Step['swappedTo']): Seen {
    const outcome = this.#call(tried, step, by)
    this.#remember(step, outcome)
    const open = () => new Names([JSON.stringify(tried), setUp])
    const names = open()
    // An error names the host's end that would have been made, which for Patchbay is the one that is there.
    const reply = comparableFacts(replyFacts(outcome), outcome.status === 0 ? names : open())
    const state = step.look ? comparableFacts(factsOf(this.#world), names) : []
    return { step, status: outcome.status, facts: new Map([...reply, ...state]) }
  }

  #call(tried: Case, step: Step, by: Step['swappedTo']): Outcome {
    const directory = `/run/${by}-plugins`
    const isAboutOne = step.command === 'ADD' || step.command === 'CHECK' || step.command === 'DEL'
    return this.#world.run([`${directory}/${tried.config['type']}`], {
      input: JSON.stringify(this.#configOf(tried, step)),
      env: {
        PATH: process.env['PATH'],
        CNI_COMMAND: step.command,
        CNI_PATH: directory,
        ...(isAboutOne && {
          CNI_CONTAINERID: step.container,
          CNI_NETNS: `/run/netns/${step.container}`,
          CNI_IFNAME: step.ifName,
          ...(tried.args !== undefined && { CNI_ARGS: tried.args }),
        }),
      },
    })
  }

  #configOf({ config, previous }: Case, step: Step): JsonObject {
    if (step.command === 'GC') {
      const valid = [...this.#living.values()].map(({ container, ifName }) => ({
        containerID: container,
        ifname: ifName,
      }))
      return { ...config, 'cni.dev/valid-attachments': valid }
    }
    const given = step.command === 'ADD' ? previous?.[step.container] : this.#results.get(keyOf(step))
    const hasResult = given !== undefined && (step.command === 'ADD' || step.withResult)
    return hasResult ? { ...config, prevResult: given } : config
  }

  #remember(step: Step, { status, stdout }: Outcome): void {
    if (step.command === 'ADD') this.#living.set(keyOf(step), step)
    if (step.command === 'ADD' && status === 0) this.#results.set(keyOf(step), JSON.parse(stdout))
    if (step.command === 'DEL' && status === 0) this.#living.delete(keyOf(step))
  }

  [Symbol.dispose](): void {
    this.#world[Symbol.dispose]()
  }
}

function keyOf({ container, ifName }: Attachment): string {
  return `${container}/${ifName}`
}

function replyFacts({ status, stdout }: Outcome): Facts {
  const facts = new Map([['reply: status', String(status)]])
  const text = stdout.replaceAll(/\/run\/(?:patchbay|reference)-plugins/g, '/run/plugins')
  const document = status === 0 ? 'result' : 'error'
  try {
    if (text !== '') noteLeaves(facts, `reply: ${document}`, JSON.parse(text))
  } catch {
    facts.set('reply: text', text)
  }
  return facts
}

function noteLeaves(facts: Map<string, string>, path: string, value: Json): void {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
    facts.set(path, JSON.stringify(value))
  else for (const [key, each] of Object.entries(value)) noteLeaves(facts, `${path}/${key}`, each)
}
