import type { Outcome } from '../lab/world.ts'
import { isPassedOver } from './errors.ts'
import type { PluginSite, Verb } from './sites.ts'
import { complaintOfError, type Stage, said, type Turn } from './stage.ts'
import { type Deed, nameOf, type Tracer } from './tracer.ts'

/** A call that fails in one plugin of a list. */
export interface Fault extends PluginSite {
  readonly verb: Verb
  readonly what: Deed
}

function textOf({ verb, plugin, site, what }: Fault): string {
  return `${verb} ${plugin} ${'error' in what ? what.error : ''} at ${nameOf(site)}`
}

/** What is wrong with how a plugin has ended. */
function complaintOf(outcome: Outcome, { site }: Fault): string {
  if (outcome.status === 0) return ''
  // Without the way back from another namespace the process has to end, whatever it leaves.
  if (site.call === 'setns' && outcome.status === 134) return ''
  // The answer was what failed.
  if (outcome.status === 1 && site.call === 'write' && site.about.startsWith('1<')) return ''
  return complaintOfError(outcome)
}

function mustSucceed(what: string, outcome: Outcome): string[] {
  return outcome.status === 0 ? [] : [`${what}: ${said(outcome)}`]
}

/** A plugin whose ADD fails has undone it by itself: those before it, but not itself, are asked for DEL. */
function tryAdd({ stage, tracer }: Trial, turn: Turn, fault: Fault): string[] {
  const { plugin, site, what } = fault
  const earlier = stage.callerOf(turn, 0, plugin)
  const complaints = mustSucceed('ADD of the plugins before it', earlier.add(turn.to))
  const caller = stage.callerOf(turn, plugin, plugin + 1, earlier.result)
  const outcome = caller.add(turn.to, () => tracer.at(site, what))
  complaints.push(complaintOf(outcome, fault))
  if (outcome.status === 0) complaints.push(...mustSucceed('then CHECK', caller.check(turn.to)))
  if (outcome.status !== 1) complaints.push(...mustSucceed('then DEL', caller.del(turn.to)))
  return [...complaints, ...mustSucceed('DEL of the plugins before it', earlier.del(turn.to))]
}

/** DEL says that it failed, and finishes when it is called again, or has left nothing. */
function tryDel({ stage, tracer }: Trial, turn: Turn, fault: Fault): string[] {
  const caller = stage.caller(turn)
  const complaints = mustSucceed('ADD', caller.add(turn.to))
  const outcome = caller.del(turn.to, (index) => (index === fault.plugin ? tracer.at(fault.site, fault.what) : []))
  complaints.push(complaintOf(outcome, fault))
  const hit = tracer.hit()
  // It has come to another call than was meant.
  const isUnseen = hit !== undefined && isPassedOver(hit, fault.what)
  return outcome.status === 0 && !isUnseen
    ? complaints
    : [...complaints, ...mustSucceed('DEL again', stage.caller(turn).del(turn.to))]
}

/** Where faults are tried. */
export interface Trial {
  readonly stage: Stage
  readonly tracer: Tracer
  /** Gets the faults that came to their call. */
  readonly hit: { add(fault: Fault): unknown }
}

/** Tries faults one after another and then looks at the machine; gives complaints. */
export function tryFaults(trial: Trial, faults: readonly Fault[]): string[] {
  const { stage, tracer, hit } = trial
  const turns: Turn[] = []
  const complaints = faults.flatMap((fault) => {
    const turn = stage.turn()
    turns.push(turn)
    const own = (fault.verb === 'add' ? tryAdd : tryDel)(trial, turn, fault).filter((each) => each !== '')
    if (tracer.hit()) hit.add(fault)
    return own.map((complaint) => `${textOf(fault)}: ${complaint}`)
  })
  const after = () => {
    const left = stage.left()
    return left === '' ? [] : [`after ${faults.map(textOf).join(', ')}:\n${left}`]
  }
  complaints.push(...after())
  for (const turn of turns) complaints.push(...mustSucceed('DEL of the list', stage.caller(turn).del(turn.to)))
  return complaints.length === 0 ? [] : [...complaints, ...after()]
}
