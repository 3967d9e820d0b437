import assert from 'node:assert/strict'
import { fstatSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FileLockedError, lockFile } from '@patchbay/linux/sys'
import { lockInPlace } from '../../src/daemon/lock-in-place.ts'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-lock-'))
after(() => rmSync(folder, { recursive: true }))

test('lockInPlace() locks the file that is there, when another holder has removed the one that was opened', async () => {
  const path = join(folder, 'lock')
  const removals = [() => rmSync(path), () => [rmSync(path), writeFileSync(path, '')], () => {}]
  let calls = 0
  using lock = await lockInPlace(path, { timeoutMs: 0 }, async (...args) => {
    const held = await lockFile(...args)
    removals[calls++]?.()
    return held
  })
  assert.equal(calls, 3)
  assert.equal(fstatSync(lock.fd).ino, statSync(path).ino)
  await assert.rejects(lockFile(path, { timeoutMs: 0 }), FileLockedError)
})
