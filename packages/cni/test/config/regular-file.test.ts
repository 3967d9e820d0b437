import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readRegularFile, readRegularFileLater } from '../../src/config/regular-file.ts'

const ways = {
  'readRegularFile()': async (path: string, limit?: number) => readRegularFile(path, limit),
  'readRegularFileLater()': readRegularFileLater,
}

for (const [name, read] of Object.entries(ways))
  test(`${name} reads files up to a limit, and neither waits for a FIFO nor reads a device`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-'))
    const [file, link, fifo] = [join(folder, 'file'), join(folder, 'link'), join(folder, 'fifo')]
    try {
      const text = 'ü'.repeat(5000)
      writeFileSync(file, text)
      symlinkSync(file, link)
      execFileSync('mkfifo', [fifo])
      for (const path of [file, link]) {
        assert.equal(await read(path), text)
        assert.equal(await read(path, 10_000), text)
        await assert.rejects(read(path, 9999), { message: `Cannot read "${path}": it has more than 9999 bytes` })
      }
      for (const path of [fifo, '/dev/zero', '/dev/null'])
        await assert.rejects(read(path), { message: `Cannot read "${path}": it is no regular file` })
      assert.equal(await read('/proc/self/mounts'), readFileSync('/proc/self/mounts', 'utf8'))
      await assert.rejects(read('/proc/self/mounts', 10), /more than 10 bytes/)
      await assert.rejects(read(folder), { code: 'EISDIR' })
      await assert.rejects(read(join(folder, 'none')), { code: 'ENOENT' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
