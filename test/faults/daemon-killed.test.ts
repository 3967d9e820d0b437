import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { DaemonLab } from '../lab/daemon-lab.ts'
import { networkLists } from '../lab/network-lists.ts'
import { piecesOf, sampleOf, seed } from '../lab/sample.ts'
import type { Verb } from './sites.ts'
import { complaintOfError, containers, isOfDaemon, Stage, said } from './stage.ts'
import { type CallSite, nameOf, Tracer } from './tracer.ts'

const tracer = new Tracer()
after(() => tracer[Symbol.dispose]())

/** A call of the daemon's at which it is killed. */
interface Kill {
  readonly verb: Verb
  readonly site: CallSite
  /** Whether there is a daemon again when the runtime calls DEL. */
  readonly isBack: boolean
}

/** With the tracer ends the daemon. Until it has, another one would take it for one that runs. */
async function endOf(attached: { end(): Promise<unknown> }, lab: DaemonLab): Promise<void> {
  await attached.end()
  await lab.exitStatus()
}

class Trial implements Disposable {
  readonly lab: DaemonLab
  readonly stage: Stage

  private constructor(lab: DaemonLab, stage: Stage) {
    this.lab = lab
    this.stage = stage
  }

  static async open(name: string): Promise<Trial> {
    const lab = await DaemonLab.open(containers)
    return new Trial(lab, Stage.on(lab.world, name, { scarce: true, ignored: isOfDaemon }))
  }

  /** The calls of the daemon while a container is attached or detached. */
  async sitesOf(verb: Verb): Promise<CallSite[]> {
    const { lab, stage } = this
    const turn = stage.turn()
    const caller = stage.caller(turn)
    if (verb === 'del') assert.equal(caller.add(turn.to).status, 0)
    const attached = await tracer.attach(lab.pid)
    assert.equal(caller[verb](turn.to).status, 0)
    await endOf(attached, lab)
    await lab.start()
    if (verb === 'add') assert.equal(caller.del(turn.to).status, 0)
    return tracer.listed()
  }

  /** Kills the daemon during a call, and detaches the container; gives complaints. */
  async try({ verb, site, isBack }: Kill): Promise<string[]> {
    const { lab, stage } = this
    const turn = stage.turn()
    const complaints: string[] = []
    if (verb === 'del') stage.caller(turn).add(turn.to)
    const attached = await tracer.attach(lab.pid, [site, { deed: 'kill-first' }])
    const outcome = stage.caller(turn)[verb](turn.to)
    await endOf(attached, lab)
    if (outcome.status !== 0) complaints.push(complaintOfError(outcome))
    if (verb === 'del' && outcome.status !== 0) complaints.push(`DEL failed: ${said(outcome)}`)
    if (isBack) await lab.start()
    const repaired = stage.caller(turn).del(turn.to)
    if (repaired.status !== 0) complaints.push(`then DEL: ${said(repaired)}`)
    if (!isBack) await lab.start()
    return complaints.filter((each) => each !== '').map((each) => `${textOf({ verb, site, isBack })}: ${each}`)
  }

  [Symbol.dispose](): void {
    this.lab[Symbol.dispose]()
  }
}

function textOf({ verb, site, isBack }: Kill): string {
  return `${verb} when the daemon is killed at ${nameOf(site)}, ${isBack ? 'and is back' : 'and is not back'}`
}

/** How many kills there are before the machine is looked at. */
const together = 8

async function tryAll(name: string, context: TestContext): Promise<string[]> {
  using trial = await Trial.open(name)
  const kills: Kill[] = []
  for (const verb of ['add', 'del'] as const)
    kills.push(...sampleOf(await trial.sitesOf(verb), 2).map((site, at) => ({ verb, site, isBack: at % 2 === 0 })))
  const complaints: string[] = []
  let hits = 0
  for (const piece of piecesOf(kills, together)) {
    for (const kill of piece) {
      complaints.push(...(await trial.try(kill)))
      if (tracer.hit()) hits++
    }
    for (const complaint of [trial.stage.left(), trial.stage.useAllAddresses()])
      if (complaint !== '') complaints.push(`after ${piece.map(textOf).join(', ')}:\n${complaint}`)
  }
  context.diagnostic(`${name}: ${hits} of ${kills.length} kills of the daemon`)
  context.diagnostic(`${kills.length} cases`)
  return complaints
}

for (const name of Object.keys(networkLists))
  test(`${name}: when the daemon is killed, its caller goes on or says so, and DEL leaves nothing (seed ${seed})`, async (context) => {
    assert.deepEqual(await tryAll(name, context), [])
  })
