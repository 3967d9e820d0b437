import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { executables } from '../lab/daemon-lab.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = '/run/cni/bin'

/** The commands that a document gives for the update, with another folder than that of the machine. Those of a first installation come before them. */
function recipeOf(document: string): string {
  const text = readFileSync(join(root, document), 'utf8')
  const block = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].findLast(([, each = '']) => each.includes('mv -f'))?.[1]
  assert.ok(block, `${document} says nothing of mv -f`)
  return block.replaceAll('/opt/cni', '/run/cni')
}

for (const document of ['README.md', 'docs/daemon.md']) {
  test(`the update in ${document} works while the daemon runs, and no plugin is missing meanwhile`, async (t) => {
    rmSync('/run/cni', { recursive: true, force: true })
    mkdirSync('/run/cni')
    cpSync(executables, folder, { recursive: true, verbatimSymlinks: true })
    const daemon = spawn(join(folder, 'patchbayd'), { stdio: 'ignore' })
    t.after(() => daemon.kill('SIGKILL'))
    await once(daemon, 'spawn')
    const over = spawnSync('cp', ['-a', `${executables}/.`, folder], { encoding: 'utf8' })
    assert.match(over.stderr, /Text file busy/)
    const names = readdirSync(folder)
    const before = statSync(join(folder, 'patchbay')).ino
    const update = spawn('sh', ['-ec', recipeOf(document)], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let written = ''
    for (const stream of [update.stdout, update.stderr]) stream.on('data', (chunk) => (written += chunk))
    const ended = once(update, 'close')
    let looks = 0
    while (update.exitCode === null) {
      for (const name of names) assert.ok(statSync(join(folder, name)).size > 0, name)
      looks++
      await turn()
    }
    await ended
    assert.deepEqual([update.exitCode, written], [0, ''])
    assert.ok(looks > 10, `looked ${looks} times`)
    assert.notEqual(statSync(join(folder, 'patchbay')).ino, before)
    assert.deepEqual(readdirSync(folder), names)
    assert.deepEqual(readdirSync('/run/cni'), ['bin'])
  })
}
