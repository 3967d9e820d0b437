import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { FileSystems } from '../../src/daemon/file-systems.ts'

const NFS = 0x6969
const TMPFS = 0x0102_1994

test('FileSystems knows nothing until it has learned, and refuses what is elsewhere', async () => {
  const types: Record<string, number> = { '/here': TMPFS, '/there': NFS, '/fuse': 0x6573_5546, '/cifs': 0xff534d42 | 0 }
  const systems = new FileSystems(async (path) => types[path] ?? TMPFS)
  assert.equal(systems.isKnown(['/here']), false)
  assert.equal(systems.refusal(['/here']), 'nothing is known of the file system of "/here"')
  await systems.learn(['/here', '/there', '/fuse', '/cifs'])
  assert.equal(systems.isKnown(['/here', '/there']), true)
  assert.equal(systems.refusal(['/here']), undefined)
  assert.equal(systems.refusal(['/here', '/there']), '"/there" is on a file system that may not answer (nfs)')
  assert.match(systems.refusal(['/fuse']) ?? '', /\(fuse\)$/)
  assert.match(systems.refusal(['/cifs']) ?? '', /\(cifs\)$/)
})

test('FileSystems refuses what does not answer, and looks at nothing else until it does', async () => {
  let answer: (type: number) => void = () => undefined
  const silent = new Promise<number>((resolve) => {
    answer = resolve
  })
  const looked: string[] = []
  const systems = new FileSystems((path) => {
    looked.push(path)
    return path === '/silent' ? silent : Promise.resolve(TMPFS)
  })
  await systems.learn(['/here', '/silent', '/other'])
  assert.deepEqual(looked, ['/here', '/silent'])
  assert.equal(systems.refusal(['/here']), undefined)
  assert.equal(systems.refusal(['/silent']), 'the file system of "/silent" does not answer')
  assert.equal(systems.refusal(['/other']), 'nothing is known of the file system of "/other"')
  answer(TMPFS)
  await setImmediate()
  await systems.learn(['/other'])
  assert.deepEqual([systems.refusal(['/silent', '/other']), looked.at(-1)], [undefined, '/other'])
})

test('FileSystems asks the kernel about a directory that is not there yet, by the one that it will be in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-systems-'))
  try {
    const systems = new FileSystems()
    const missing = join(folder, 'networks/net')
    await systems.learn([missing])
    assert.equal(systems.isKnown([missing]), true)
    assert.equal(systems.refusal([missing]), undefined)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
