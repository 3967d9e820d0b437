import type { Implementation } from '../lab/implementation.ts'
import type { Case, Step } from './case.ts'
import { compareFacts, compareSwapped } from './compare.ts'
import { type Difference, differenceOf } from './documented.ts'
import { Machine, type Seen } from './machine.ts'

/** What came of a case. */
export interface Verdict {
  /** What no document says: a line each, behind the step that it is seen after. */
  readonly unexpected: readonly string[]
  /** Differences that were seen, by their ids. */
  readonly documented: ReadonlySet<string>
}

/** Three machines that are the same: one for each implementation, and one on which each takes its turn. */
export interface Machines extends Disposable {
  readonly ours: Machine
  readonly theirs: Machine
  readonly swapped: Machine
}

export async function openMachines(tried: Case, reference: Implementation): Promise<Machines> {
  const open = () => Machine.open(tried, reference)
  const [ours, theirs, swapped] = await Promise.all([open(), open(), open()])
  return {
    ours,
    theirs,
    swapped,
    [Symbol.dispose]() {
      for (const machine of [ours, theirs, swapped]) machine[Symbol.dispose]()
    },
  }
}

/** Takes every step of a case on each machine, until the implementations part as documented. */
export function tryCase(tried: Case, machines: Machines, differences: readonly Difference[]): Verdict {
  const trial = new Trial(tried, differences)
  for (const [index, step] of tried.steps.entries()) {
    const ours = machines.ours.take(tried, step, 'patchbay')
    const theirs = machines.theirs.take(tried, step, 'reference')
    if (step.command === 'ADD' && ours.status !== 0) trial.hasFailed = true
    trial.judge(step, compareFacts(ours.facts, theirs.facts))
    if (trial.hasParted) break
    const isLast = index === tried.steps.length - 1
    const swapped = machines.swapped.take(tried, { ...step, look: isLast }, step.swappedTo)
    trial.judge(step, compareTurn(swapped, ours, theirs))
    if (trial.hasParted) break
  }
  return trial
}

/** A machine that is not looked at is compared by how the call ended. */
function compareTurn(swapped: Seen, ours: Seen, theirs: Seen): string[] {
  const names = swapped.step.look ? undefined : 'reply: status'
  const only = (seen: Seen): Seen => {
    const facts = new Map(
      [...seen.facts].filter(([name]) => (names === undefined ? !name.startsWith('reply: ') : name === names)),
    )
    return { ...seen, facts }
  }
  return compareSwapped(only(swapped), only(ours), only(theirs))
}

class Trial implements Verdict {
  readonly unexpected: string[] = []
  readonly documented = new Set<string>()
  hasParted = false
  hasFailed = false
  readonly #differences: readonly Difference[]
  readonly #plugin: string
  readonly #configuration: string

  constructor({ config, args = '', host }: Case, differences: readonly Difference[]) {
    this.#differences = differences
    this.#plugin = String(config['type'])
    this.#configuration = [JSON.stringify(config), args, host].join('\n')
  }

  judge(step: Step, lines: readonly string[]): void {
    const of = {
      plugin: this.#plugin,
      command: step.command,
      configuration: this.#configuration,
      hasFailed: this.hasFailed,
    }
    const found = lines.map((line) => ({ line, difference: differenceOf(line, this.#differences, of) }))
    const parting = found.find(({ difference }) => difference?.parts)?.difference
    if (parting !== undefined) {
      this.documented.add(parting.id)
      this.hasParted = true
      return
    }
    for (const { line, difference } of found) {
      if (difference === undefined) this.unexpected.push(`${step.command} ${step.container}/${step.ifName}: ${line}`)
      else this.documented.add(difference.id)
    }
  }
}
