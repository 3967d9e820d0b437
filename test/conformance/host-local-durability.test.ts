import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'

const TMPFS_MAGIC = 0x01021994

/** The calls that wait for the disk, by name, that a command makes: of files, then of directories. */
function syncs(command: string, root: string, durability: string | undefined): string[] {
  const log = join(root, 'log')
  const ipam = { type: 'host-local', dataDir: join(root, 'networks'), subnet: '10.0.0.0/24', durability }
  const { status, stdout } = spawnSync(
    'strace',
    ['-f', '-y', '-qq', '-e', 'trace=fsync,fdatasync', '-o', log, join(patchbay.directory, 'host-local')],
    {
      env: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: 'c1',
        CNI_NETNS: '/nowhere',
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/nowhere',
      },
      input: JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam }),
      encoding: 'utf8',
    },
  )
  assert.equal(status, 0, stdout)
  return [...readFileSync(log, 'utf8').matchAll(/(\w+)\(\d+<([^>]*)>\)/g)].map(
    ([, name = '', path = '']) => `${name} ${path.slice(root.length)}`,
  )
}

function directoryIn(context: TestContext, parent: string): string {
  const root = mkdtempSync(join(parent, 'patchbay-sync-'))
  context.after(() => rmSync(root, { recursive: true }))
  return root
}

const [addSyncs, delSyncs] = [['fdatasync /networks/net/.patchbay.tmp', 'fsync /networks/net'], ['fsync /networks/net']]

for (const [durability, parent, isSynced] of [
  ['synced', '/dev/shm', true],
  ['none', tmpdir(), false],
  [undefined, '/dev/shm', false],
  [undefined, tmpdir(), true],
] as const) {
  const place = parent === tmpdir() ? 'a disk' : 'memory'
  test(`durability ${durability ?? 'by default'} in ${place}: leases are ${isSynced ? '' : 'not '}synced`, (context) => {
    const root = directoryIn(context, parent)
    const isInMemory = statfsSync(root).type === TMPFS_MAGIC
    assert.equal(isInMemory || parent === tmpdir(), true, `${parent} is no tmpfs`)
    // Where all is in memory, the last case is like the one before.
    const expected = isSynced && (durability !== undefined || !isInMemory)
    // The directories that are made the first time are synced into those above them.
    assert.equal(syncs('ADD', root, durability).length, expected ? 4 : 0)
    assert.deepEqual(syncs('DEL', root, durability), expected ? delSyncs : [])
    assert.deepEqual(syncs('ADD', root, durability), expected ? addSyncs : [])
    assert.deepEqual(syncs('CHECK', root, durability), [])
  })
}
