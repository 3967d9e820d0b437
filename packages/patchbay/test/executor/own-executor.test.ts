import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { findInPath } from '@patchbay/cni/exec'
import { ownExecutor } from '../../src/executor/own-executor.ts'
import { ownFiles } from '../../src/executor/own-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-'))
after(() => rmSync(folder, { recursive: true }))

const executable = join(folder, 'patchbay')
const call = { stdin: '{}', env: { CNI_COMMAND: 'VERSION' } }

/** Runs a plugin of that name, found in directories; `another` when it was not ours. */
async function run(name: string, directories: readonly string[]): Promise<string> {
  const others = () => ({ find: findInPath, run: async () => 'another' })
  const executor = ownExecutor({ isOwn: ownFiles(executable), hostNetns: '', stderr: () => {}, others })
  const path = await executor.find(
    name,
    directories.map((directory) => join(folder, directory)),
  )
  return executor.run(path, call)
}

test('ownExecutor() runs in-process what the path leads to first, when it is ours, and nothing else', async () => {
  for (const directory of ['own', 'foreign', 'empty']) mkdirSync(join(folder, directory))
  writeFileSync(executable, 'the executable')
  for (const name of ['loopback', 'unknown']) symlinkSync(executable, join(folder, 'own', name))
  for (const name of ['loopback', 'bridge']) writeFileSync(join(folder, 'foreign', name), 'another file')
  assert.match(await run('loopback', ['own', 'foreign']), /supportedVersions/)
  assert.match(await run('loopback', ['empty', 'own', 'foreign']), /supportedVersions/)
  assert.equal(await run('loopback', ['foreign', 'own']), 'another')
  symlinkSync('loop', join(folder, 'loop'))
  for (const nowhere of ['patchbay', 'loop', 'x'.repeat(300)])
    assert.match(await run('loopback', [nowhere, 'own']), /supportedVersions/)
  assert.equal(await run('bridge', ['own', 'foreign']), 'another')
  assert.equal(await run('unknown', ['own']), 'another')
  await assert.rejects(run('loopback', ['empty']), /failed to find plugin "loopback" in path/)
  await assert.rejects(run('loopback', []), /no paths provided/)
})

test('ownExecutor() notices a file that was replaced', async () => {
  const link = join(folder, 'own', 'loopback')
  assert.match(await run('loopback', ['own']), /supportedVersions/)
  rmSync(link)
  writeFileSync(link, 'another file')
  assert.equal(await run('loopback', ['own']), 'another')
  rmSync(link)
  symlinkSync(executable, link)
  assert.match(await run('loopback', ['own']), /supportedVersions/)
})
