import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { networkLists } from '../lab/network-lists.ts'
import { piecesOf, sampleOf, seed } from '../lab/sample.ts'
import { errorsOf } from './errors.ts'
import { sitesOf } from './sites.ts'
import { Stage } from './stage.ts'
import { Tracer } from './tracer.ts'
import { type Fault, tryFaults } from './try-faults.ts'

const tracer = new Tracer()
after(() => tracer[Symbol.dispose]())

/** How many faults there are before the machine is looked at. When something is wrong, they are tried one by one. */
const together = 8

async function tryAll(name: string, faults: readonly Fault[], context: TestContext): Promise<string[]> {
  const complaints: string[] = []
  const hit = new Set<Fault>()
  let stage = await Stage.open(name)
  for (const piece of piecesOf(faults, together)) {
    const found = tryFaults({ stage, tracer, hit }, piece)
    if (found.length === 0) continue
    complaints.push(...(await tryEach(name, piece, found)))
    stage[Symbol.dispose]()
    stage = await Stage.open(name)
  }
  const left = stage.left()
  stage[Symbol.dispose]()
  context.diagnostic(`${name}: ${hit.size} of ${faults.length} faults`)
  context.diagnostic(`${faults.length} cases`)
  return left === '' ? complaints : [...complaints, `at the end:\n${left}`]
}

/** Tries each of the faults on a machine of its own. Gives what is wrong with single ones, or else what was wrong with all together. */
async function tryEach(name: string, faults: readonly Fault[], all: readonly string[]): Promise<readonly string[]> {
  const complaints: string[] = []
  for (const fault of faults) {
    using stage = await Stage.open(name)
    complaints.push(...tryFaults({ stage, tracer, hit: new Set() }, [fault]))
  }
  return complaints.length === 0 ? all : complaints
}

async function faultsOf(name: string): Promise<Fault[]> {
  using stage = await Stage.open(name)
  return (['add', 'del'] as const).flatMap((verb) => {
    // What another program makes of an error is its own affair: iptables-save then prints nothing, and says that all is well.
    const sites = sitesOf(stage, tracer, verb).filter(({ isForeign }) => !isForeign)
    // Neighbours of a call do not get the same error.
    const faults = sites.flatMap((each, at) =>
      rotated(errorsOf(each.site), at).map((what) => ({ ...each, verb, what })),
    )
    return sampleOf(faults, 4)
  })
}

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, at) => list.at((at + by) % list.length)).filter((each) => each !== undefined)
}

for (const name of Object.keys(networkLists))
  test(`${name}: a plugin of which a call fails leaves nothing, and says so if it fails (seed ${seed})`, async (context) => {
    assert.deepEqual(await tryAll(name, await faultsOf(name), context), [])
  })
