import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { workspaceRoot } from '#tools/repository'
import { withoutNamespaces } from '#tools/test/without-program'

const demo = join(workspaceRoot(), 'demo/dist/main.js')

/** What the demo could leave on a machine. */
function traces(): unknown {
  const namespaces = '/var/run/netns'
  return {
    links: readdirSync('/sys/class/net').sort(),
    namespaces: existsSync(namespaces) ? readdirSync(namespaces).filter((name) => ['red', 'blue'].includes(name)) : [],
    state: existsSync('/run/patchbay-demo'),
  }
}

test('the demo passes, fits on a screen of 40 lines with those of the build, and leaves nothing on the machine', {
  skip: withoutNamespaces,
}, () => {
  const before = traces()
  const { status, stdout, stderr } = spawnSync(process.execPath, [demo], { encoding: 'utf8', timeout: 60_000 })
  const lines = stdout.trimEnd().split('\n')
  assert.equal(stderr, '')
  assert.match(lines.at(-1) ?? '', /^\d+ passed, 0 failed$/)
  assert.equal(status, 0)
  assert.ok(lines.length <= 37, `${lines.length} lines`)
  // No terminal: plain ASCII, nothing wider than a screen.
  for (const line of lines) assert.match(line, /^[\x20-\x7e]{0,90}$/)
  assert.deepEqual(traces(), before)
})

test('the demo says in one sentence what to do where it may make no namespaces', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [demo], {
    encoding: 'utf8',
    env: { ...process.env, PATH: '/nonexistent' },
  })
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /^Cannot make a network for the demo: [^\n]+\n$/)
})

test('the demo covers nothing in the namespaces of the machine', () => {
  const own = ['net', 'mnt'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`)).join(' ')
  for (const outside of ['', own, own.replace(/mnt.*/, 'mnt:[1]')]) {
    const { status, stderr } = spawnSync(process.execPath, [demo, '--enclosed', outside], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.equal(stderr, 'Cannot start the demo: run it as "npm run demo"\n')
  }
})
