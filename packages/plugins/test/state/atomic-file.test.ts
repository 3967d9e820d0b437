import assert from 'node:assert/strict'
import fs, { linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createAtomic, removeFile, replaceAtomic } from '../../src/state/atomic-file.ts'
import { temporaryDirectory } from '../ipam/host-local/temporary-directory.ts'

const options = { sync: true, isCorrupt: (content: string) => content === '' }

/** Makes every link(2) fail, as on a file system without hard links. */
function withoutHardLinks(context: TestContext): void {
  const original = fs.linkSync
  context.after(() => {
    fs.linkSync = original
    syncBuiltinESMExports()
  })
  fs.linkSync = () => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM', errno: -1, syscall: 'link' })
  }
  syncBuiltinESMExports()
}

function checkCreateAtomic(directory: string): void {
  const path = join(directory, '10.0.0.2')
  assert.equal(createAtomic(path, 'one', options), true)
  assert.equal(createAtomic(path, 'two', options), false)
  assert.equal(readFileSync(path, 'utf8'), 'one')
  assert.equal(statSync(path).mode & 0o7777, 0o600)
  writeFileSync(path, '')
  assert.equal(createAtomic(path, 'three', options), true)
  assert.equal(readFileSync(path, 'utf8'), 'three')
  assert.deepEqual(readdirSync(directory), ['10.0.0.2'], 'nothing else is left')
}

test('createAtomic() creates a file once, and replaces one that is corrupt', (context) => {
  checkCreateAtomic(temporaryDirectory(context))
})

test('createAtomic() does without hard links', (context) => {
  withoutHardLinks(context)
  checkCreateAtomic(temporaryDirectory(context))
})

test('createAtomic() does not touch the lease that a crash left linked to the temporary file', (context) => {
  const directory = temporaryDirectory(context)
  writeFileSync(join(directory, '10.0.0.2'), 'one')
  linkSync(join(directory, '10.0.0.2'), join(directory, '.patchbay.tmp'))
  assert.equal(createAtomic(join(directory, '10.0.0.3'), 'two', options), true)
  assert.equal(readFileSync(join(directory, '10.0.0.2'), 'utf8'), 'one')
  assert.equal(readFileSync(join(directory, '10.0.0.3'), 'utf8'), 'two')
  assert.deepEqual(readdirSync(directory).sort(), ['10.0.0.2', '10.0.0.3'])
})

test('replaceAtomic() takes the place of what a crash left in that of the temporary file', (context) => {
  const directory = temporaryDirectory(context)
  writeFileSync(join(directory, '.patchbay.tmp'), 'old', { mode: 0o644 })
  replaceAtomic(join(directory, 'last'), 'one')
  assert.equal(readFileSync(join(directory, 'last'), 'utf8'), 'one')
  assert.equal(statSync(join(directory, 'last')).mode & 0o7777, 0o600)
  mkdirSync(join(directory, '.patchbay.tmp'))
  const path = join(directory, '.patchbay.tmp')
  assert.throws(() => replaceAtomic(join(directory, 'last'), 'two'), { message: `unlink ${path}: is a directory` })
  assert.equal(readFileSync(join(directory, 'last'), 'utf8'), 'one')
})

test('createAtomic() names call and file when it fails, and leaves nothing', (context) => {
  const directory = temporaryDirectory(context)
  const path = join(directory, 'gone', '10.0.0.2')
  assert.throws(() => createAtomic(path, 'one', options), { message: `open ${path}: no such file or directory` })
  mkdirSync(join(directory, '10.0.0.3'))
  assert.throws(() => createAtomic(join(directory, '10.0.0.3'), 'one', options), {
    message: `read ${join(directory, '10.0.0.3')}: is a directory`,
  })
  assert.deepEqual(readdirSync(directory), ['10.0.0.3'])
})

test('replaceAtomic() replaces a file, and leaves nothing when it cannot', (context) => {
  const directory = temporaryDirectory(context)
  const path = join(directory, 'last')
  replaceAtomic(path, 'one')
  replaceAtomic(path, 'two')
  assert.equal(readFileSync(path, 'utf8'), 'two')
  mkdirSync(join(directory, 'occupied', 'by'), { recursive: true })
  assert.throws(() => replaceAtomic(join(directory, 'occupied'), 'one'), { name: 'SystemError', code: 'EISDIR' })
  assert.deepEqual(readdirSync(directory).sort(), ['last', 'occupied'])
})

test('removeFile() removes a file that may be gone already', (context) => {
  const directory = temporaryDirectory(context)
  writeFileSync(join(directory, 'a'), '')
  removeFile(join(directory, 'a'))
  removeFile(join(directory, 'a'))
  assert.deepEqual(readdirSync(directory), [])
  assert.throws(() => removeFile(directory), { name: 'SystemError', message: `unlink ${directory}: is a directory` })
})
