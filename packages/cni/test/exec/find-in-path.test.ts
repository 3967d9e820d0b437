import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findInPath } from '../../src/exec/index.ts'
import { scratch } from '../testing/scratch.ts'

test('findInPath() returns the first regular file, following links, executable or not', async (t) => {
  const directory = scratch(t, { 'b/bridge': '', 'c/bridge': '', 'b/tool': '' })
  mkdirSync(join(directory, 'a/bridge'), { recursive: true })
  symlinkSync('nowhere', join(directory, 'a/tool'))
  symlinkSync('../b/bridge', join(directory, 'a/link'))
  const path = ['/nonexistent', join(directory, 'a'), join(directory, 'b'), join(directory, 'c')]
  assert.equal(await findInPath('bridge', path), join(directory, 'b/bridge'))
  assert.equal(await findInPath('tool', path), join(directory, 'b/tool'))
  assert.equal(await findInPath('link', path), join(directory, 'a/link'))
})

test('findInPath() takes an empty directory for the current one', async () => {
  assert.equal(await findInPath('package.json', ['/nonexistent', '']), 'package.json')
})

test('findInPath() rejects in the words of the reference', async () => {
  await assert.rejects(findInPath('', ['/a']), { code: 'ENOENT', message: 'no plugin name provided' })
  await assert.rejects(findInPath('../x', []), { code: 'ENOENT', message: 'invalid plugin name: ../x' })
  await assert.rejects(findInPath('x', []), { code: 'ENOENT', message: 'no paths provided' })
  await assert.rejects(findInPath('a"b', ['/a', '/b']), {
    name: 'PluginNotFoundError',
    code: 'ENOENT',
    plugin: 'a"b',
    path: ['/a', '/b'],
    message: 'failed to find plugin "a\\"b" in path [/a /b]',
  })
  await assert.rejects(findInPath('x\0y', ['/a']), { message: 'failed to find plugin "x\\x00y" in path [/a]' })
  await assert.rejects(findInPath('..', ['/usr/bin']), { message: 'failed to find plugin ".." in path [/usr/bin]' })
})
