import assert from 'node:assert/strict'
import type { Stage } from './stage.ts'
import { type CallSite, foreignSites, sitesFromInput, type Tracer } from './tracer.ts'

/** What is done to an attachment. */
export type Verb = 'add' | 'del'

/** A call of one of a list's plugins. */
export interface PluginSite {
  readonly plugin: number
  readonly site: CallSite
  /** Whether it is of a program that is not ours, such as iptables. */
  readonly isForeign: boolean
}

/** The calls of each plugin of a list while a container is attached or detached, from where it has its input on. */
export function sitesOf(stage: Stage, tracer: Tracer, verb: Verb): PluginSite[] {
  return listedSites(stage, tracer, verb, sitesFromInput)
}

/** As {@link sitesOf}, from the beginning of each program. */
export function sitesOfProgram(stage: Stage, tracer: Tracer, verb: Verb): PluginSite[] {
  return listedSites(stage, tracer, verb, (sites) => sites)
}

type Choice = (sites: readonly CallSite[]) => readonly CallSite[]

function listedSites(stage: Stage, tracer: Tracer, verb: Verb, choose: Choice): PluginSite[] {
  const turn = stage.turn()
  const caller = stage.caller(turn)
  const through = (index: number) => tracer.listing(`${verb}-${index}`)
  for (const each of ['add', 'del'] as const)
    assert.equal(caller[each](turn.to, each === verb ? through : undefined).status, 0)
  return stage.list.plugins.flatMap((_, plugin) => {
    const sites = choose(tracer.listed(`${verb}-${plugin}`))
    const isForeign = foreignSites(sites)
    return sites.map((site) => ({ plugin, site, isForeign: isForeign(site) }))
  })
}
