import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Cni } from '@patchbay/cni/runtime'
import { killAtEveryCall } from './crash-run.ts'

const program = fileURLToPath(new URL('./crash-cache-program.js', import.meta.url))

function commandOf(command: string, cacheDir: string, address: string): readonly string[] {
  return [process.execPath, program, command, cacheDir, address]
}

function run(command: string, cacheDir: string, address = '10.0.0.2/24'): void {
  const [node = '', ...args] = commandOf(command, cacheDir, address)
  const { status, stderr } = spawnSync(node, args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

/** The address that the cache file has, read without our decoder; `undefined` when there is no file. */
function remembered(cacheDir: string): string | undefined {
  const file = join(cacheDir, 'results', 'net-c1-eth0')
  if (!existsSync(file)) return undefined
  const { result }: { result: { ips: { address: string }[] } } = JSON.parse(readFileSync(file, 'utf8'))
  return result.ips[0]?.address
}

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-crash-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'cni')
}

/** What a runtime finds, and that it can go on. */
async function checkCarriesOn(cacheDir: string, possible: readonly (string | undefined)[], at: string): Promise<void> {
  const found = remembered(cacheDir)
  assert.ok(possible.includes(found), `${at}: ${found}`)
  const attachments = await new Cni({ path: [], cacheDir }).getCachedAttachments()
  assert.equal(attachments.length, found === undefined ? 0 : 1, at)
  run('add', cacheDir, '10.0.0.9/24')
  assert.equal(remembered(cacheDir), '10.0.0.9/24', at)
  run('del', cacheDir)
  assert.equal(remembered(cacheDir), undefined, at)
}

for (const [situation, earlier] of [
  ['for the first time', undefined],
  ['over an earlier one', '10.0.0.1/24'],
] as const) {
  test(`a runtime killed while it writes a result ${situation} has the whole file or the one before`, async (context) => {
    const cacheDir = temporaryDirectory(context)
    const before = () => {
      rmSync(cacheDir, { recursive: true, force: true })
      if (earlier !== undefined) run('add', cacheDir, earlier)
    }
    const victim = {
      program: commandOf('add', cacheDir, '10.0.0.2/24'),
      // One thread for all files, so that its calls can be counted.
      env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
      input: '',
      from: join(cacheDir, 'results'),
      wakeUps: 3,
    }
    const seen = new Set<string | undefined>()
    const kills = await killAtEveryCall(victim, before, async (at) => {
      seen.add(remembered(cacheDir))
      const left = readdirSync(join(cacheDir, '..'), { recursive: true, encoding: 'utf8' })
      assert.ok(
        left.every((name) => /^cni(\/results(\/(net-c1-eth0|\.tmp-[\d-]+))?)?$/.test(name)),
        left.join(),
      )
      await checkCarriesOn(cacheDir, [earlier, '10.0.0.2/24'], at)
    })
    assert.ok(kills >= 5, `${kills} calls`)
    assert.deepEqual([...seen], [earlier, '10.0.0.2/24'])
  })
}
