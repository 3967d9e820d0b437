import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runSteps, type Step } from '../ok.ts'
import { workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

function printed(t: TestContext, files: Readonly<Record<string, string>>, steps: readonly Step[]): [boolean, string] {
  const { root } = checkout(t, files)
  const log = t.mock.method(console, 'log', () => {})
  const sound = runSteps(steps, root)
  const lines = log.mock.calls.map(({ arguments: [line] }) => String(line))
  log.mock.restore()
  return [sound, lines.join('\n')]
}

const files = {
  'good.js': `console.log('not shown')`,
  'bad.js': `console.log('why', process.argv[2], process.cwd()); process.exitCode = 1`,
}

test('runSteps() prints a line with its time for each check, and counts them', (t) => {
  const steps = [
    { name: 'one', command: ['good.js'] },
    { name: 'two', command: ['good.js'] },
  ]
  const [sound, text] = printed(t, files, steps)
  assert.equal(sound, true)
  assert.match(text, /^one +\d\.\d s\ntwo +\d\.\d s\n2 passed, 0 failed$/)
})

test('runSteps() stops at the first check that fails and shows what it wrote', (t) => {
  const steps = [
    { name: 'one', command: ['good.js'] },
    { name: 'two', command: ['bad.js', 'because'] },
    { name: 'three', command: ['good.js'] },
  ]
  const [sound, text] = printed(t, files, steps)
  assert.equal(sound, false)
  const end = 'two failed after \\d\\.\\d s; alone: npm run ok -- --only two\\n1 passed, 1 failed'
  assert.match(text, new RegExp(`^one +\\d\\.\\d s\\nwhy because \\S+\\n${end}$`))
})

test('npm run ok names the checks when it does not know one', () => {
  const tool = join(workspaceRoot(), 'tools/dist/ok.js')
  const { status, stderr } = spawnSync(process.execPath, [tool, '--only', 'speling'], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /^Cannot run the check "speling": the checks are biome, types, layers, .*conformance\n$/)
})
