import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { networkLists } from '../lab/network-lists.ts'
import { piecesOf, sampleOf, seed } from '../lab/sample.ts'
import { type PluginSite, sitesOf, type Verb } from './sites.ts'
import { complaintOfError, Stage, said, type Turn } from './stage.ts'
import { type Deed, nameOf, Tracer } from './tracer.ts'

const tracer = new Tracer()
after(() => tracer[Symbol.dispose]())

/** A kill, and what a runtime does then. */
interface Kill extends PluginSite {
  readonly verb: Verb
  readonly what: Deed
  readonly repair: 'DEL' | 'GC' | 'ADD again'
}

/** Kills a call and repairs what it has left; gives a complaint. */
function tryKill(stage: Stage, turn: Turn, { verb, plugin, site, what, repair }: Kill): string {
  const through = (index: number) => (index === plugin ? tracer.at(site, what) : [])
  const caller = stage.caller(turn)
  if (verb === 'del') {
    const added = caller.add(turn.to)
    if (added.status !== 0) return `ADD: ${said(added)}`
  }
  const killed = caller[verb](turn.to, through)
  if (killed.status !== 0 && killed.status !== 137) return `${verb} that is killed: ${said(killed)}`
  const complaint = repair === 'ADD again' ? addAgain(stage, turn) : ''
  // As a runtime that has not come to hear of a result.
  const repaired = repair === 'GC' && killed.status !== 0 ? stage.collect() : stage.caller(turn).del(turn.to)
  return repaired.status === 0 ? complaint : `${complaint}${repair}: ${said(repaired)}`
}

/** An interface that is there already is taken for one that is in use. Without one, ADD must succeed. */
function addAgain(stage: Stage, { to, list }: Turn): string {
  const isThere = stage.world.run(['ip', '-n', to.container, 'link', 'show', to.ifName]).status === 0
  const outcome = stage.caller({ to, list }).add(to)
  if (outcome.status === 0 || isThere) return outcome.status === 0 ? '' : complaintOfError(outcome)
  return `ADD again: ${said(outcome)}`
}

/** The kills of which each came to its call, and complaints about all. */
interface Result {
  readonly hit: Set<Kill>
  readonly complaints: string[]
}

/** Tries kills one after another and then looks at the machine. */
function tryKills(stage: Stage, kills: readonly Kill[]): Result {
  const hit = new Set<Kill>()
  const complaints = kills.flatMap((kill) => {
    const complaint = tryKill(stage, stage.turn(), kill)
    if (tracer.hit()) hit.add(kill)
    return complaint === '' ? [] : [`${textOf(kill)}: ${complaint}`]
  })
  for (const complaint of [stage.left(), stage.useAllAddresses()])
    if (complaint !== '') complaints.push(`after ${kills.map(textOf).join(', ')}:\n${complaint}`)
  return { hit, complaints }
}

function textOf({ verb, plugin, site, what, repair }: Kill): string {
  return `${verb} ${plugin} ${what.deed} at ${nameOf(site)}, then ${repair}`
}

/** How many kills there are before the machine is looked at. When something is wrong, they are tried one by one. */
const together = 8
/** Threads take turns as it happens, so that a call is not the same each time. */
const attempts = 3

async function tryAll(name: string, kills: readonly Kill[], context: TestContext): Promise<string[]> {
  const complaints: string[] = []
  let stage = await Stage.open(name, { scarce: true })
  let rest = [...kills]
  for (let attempt = 0; attempt < attempts && rest.length > 0; attempt++) {
    const missed: Kill[] = []
    for (const piece of piecesOf(rest, together)) {
      const result = tryKills(stage, piece)
      missed.push(...piece.filter((kill) => !result.hit.has(kill)))
      if (result.complaints.length === 0) continue
      complaints.push(...(await tryEach(name, piece, result.complaints)))
      stage[Symbol.dispose]()
      stage = await Stage.open(name, { scarce: true })
    }
    rest = missed
  }
  stage[Symbol.dispose]()
  context.diagnostic(`${kills.length} cases`)
  context.diagnostic(
    `${name}: ${kills.length - rest.length} of ${kills.length} kills; not met: ${rest.map(textOf).join('; ')}`,
  )
  if (rest.length > Math.max(2, kills.length / 10))
    complaints.push(`${rest.length} of ${kills.length} calls were not met`)
  return complaints
}

/** Tries each of the kills on a machine of its own. Gives what is wrong with single ones, or else what was wrong with all together. */
async function tryEach(name: string, kills: readonly Kill[], together: readonly string[]): Promise<readonly string[]> {
  const complaints: string[] = []
  for (const kill of kills) {
    using stage = await Stage.open(name, { scarce: true })
    complaints.push(...tryKills(stage, [kill]).complaints)
  }
  return complaints.length === 0 ? together : complaints
}

/** Of programs that are not ours, the calls that change something. */
function isWorthKilling({ isForeign, site }: PluginSite): boolean {
  return !isForeign || /^(?:sendto|sendmsg|setsockopt|write|flock|exit_group)$/.test(site.call)
}

const counts = { 'add then DEL': 4, 'add then GC': 2, 'add then ADD again': 2, 'del then DEL': 4 } as const

async function killsOf(name: string): Promise<Kill[]> {
  using stage = await Stage.open(name, { scarce: true })
  // Every other time, what the program has started goes on.
  const killsAt = (verb: Verb, repair: Kill['repair']) =>
    sampleOf(
      sitesOf(stage, tracer, verb).filter(isWorthKilling),
      counts[`${verb} then ${repair}` as keyof typeof counts],
    ).map((each, at): Kill => ({ verb, repair, ...each, what: { deed: at % 2 === 0 ? 'kill' : 'kill-first' } }))
  return [
    ...killsAt('add', 'DEL'),
    // What GC leaves of these by design, DEL takes away: that they keep nothing.
    ...(name === 'loopback' ? [] : killsAt('add', 'GC')),
    ...killsAt('add', 'ADD again'),
    ...killsAt('del', 'DEL'),
  ]
}

for (const name of Object.keys(networkLists))
  test(`${name}: a plugin that is killed leaves nothing after one DEL or GC (seed ${seed})`, async (context) => {
    assert.deepEqual(await tryAll(name, await killsOf(name), context), [])
  })
