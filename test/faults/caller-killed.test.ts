import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { DaemonLab } from '../lab/daemon-lab.ts'
import { networkLists } from '../lab/network-lists.ts'
import { piecesOf, sampleOf, seed } from '../lab/sample.ts'
import { type PluginSite, sitesOfProgram, type Verb } from './sites.ts'
import { containers, isOfDaemon, Stage, said } from './stage.ts'
import { nameOf, Tracer } from './tracer.ts'

const tracer = new Tracer()
after(() => tracer[Symbol.dispose]())

interface Kill extends PluginSite {
  readonly verb: Verb
}

function textOf({ verb, plugin, site }: Kill): string {
  return `${verb} ${plugin} whose caller is killed at ${nameOf(site)}`
}

/** Kills the program that a runtime started, which has handed its call to the daemon or has not; gives complaints. */
function tryKill(stage: Stage, kill: Kill): string[] {
  const turn = stage.turn()
  const through = (index: number) => (index === kill.plugin ? tracer.at(kill.site, { deed: 'kill' }) : [])
  if (kill.verb === 'del') stage.caller(turn).add(turn.to)
  const killed = stage.caller(turn)[kill.verb](turn.to, through)
  const repaired = stage.caller(turn).del(turn.to)
  const complaints = killed.status === 0 || killed.status === 137 ? [] : [`${textOf(kill)}: ${said(killed)}`]
  return repaired.status === 0 ? complaints : [...complaints, `${textOf(kill)}: then DEL: ${said(repaired)}`]
}

async function tryAll(name: string, context: TestContext): Promise<string[]> {
  using lab = await DaemonLab.open(containers)
  const stage = Stage.on(lab.world, name, { scarce: true, ignored: isOfDaemon })
  const kills = (['add', 'del'] as const).flatMap((verb) =>
    sampleOf(sitesOfProgram(stage, tracer, verb), 3).map((each): Kill => ({ ...each, verb })),
  )
  let hits = 0
  const complaints = piecesOf(kills, 8).flatMap((piece) => {
    const found = piece.flatMap((kill) => {
      const own = tryKill(stage, kill)
      if (tracer.hit()) hits++
      return own
    })
    const left = [stage.left(), stage.useAllAddresses()].filter((each) => each !== '')
    return [...found, ...left.map((each) => `after ${piece.map(textOf).join(', ')}:\n${each}`)]
  })
  context.diagnostic(`${name}: ${hits} of ${kills.length} kills of callers of the daemon`)
  context.diagnostic(`${kills.length} cases`)
  assert.equal(lab.status().running, 0)
  return complaints
}

for (const name of Object.keys(networkLists))
  test(`${name}: when a caller of the daemon is killed, DEL leaves nothing (seed ${seed})`, async (context) => {
    assert.deepEqual(await tryAll(name, context), [])
  })
