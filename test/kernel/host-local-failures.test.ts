import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testWithOwnMounts } from '../lab/own-mounts.ts'

const program = fileURLToPath(new URL('../../../dist/cni/bin/host-local', import.meta.url))
const test = testWithOwnMounts(import.meta.url)

interface CallOptions {
  readonly containerId?: string
  /** A command that runs the program. */
  readonly through?: readonly string[]
  readonly sets?: number
}

/** Calls host-local on leases in `dataDir`; returns its error, or its addresses. */
function call(
  command: string,
  dataDir: string,
  { containerId = 'c1', through = [], sets = 1 }: CallOptions = {},
): string {
  const ranges = Array.from({ length: sets }, (_, set) => [{ subnet: `10.${set}.0.0/16` }])
  const [file = program, ...args] = [...through, program]
  const { stdout } = spawnSync(file, args, {
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: '/nowhere',
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/nowhere',
    },
    input: JSON.stringify({
      cniVersion: '1.1.0',
      name: 'net',
      type: 'bridge',
      ipam: { type: 'host-local', dataDir, ranges },
    }),
    encoding: 'utf8',
  })
  if (stdout === '') return ''
  const { msg, ips = [] }: { msg?: string; ips?: { address: string }[] } = JSON.parse(stdout)
  return msg ?? ips.map(({ address }) => address).join(' ')
}

/** A small file system of its own at a path in /run. */
function mount(name: string, options: string): string {
  const path = join('/run', name)
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', path])
  mkdirSync(join(path, 'net'))
  return path
}

/** Leaves as many pages free as given. */
function fill(path: string, pagesFree: number): void {
  const { bavail } = statfsSync(path)
  writeFileSync(join(path, 'ballast'), Buffer.alloc(Math.max(0, bavail - pagesFree) * 4096))
}

function filesIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'net'))
    .filter((name) => /^(?:10\.|.*tmp)/.test(name))
    .sort()
}

test('a full disk fails ADD with the name of the file, and keeps what was there', () => {
  const dataDir = mount('full', 'size=64k')
  assert.equal(call('ADD', dataDir), '10.0.0.2/16')
  fill(dataDir, 0)
  const error = `failed to allocate for range 0: write ${dataDir}/net/10.0.0.3: no space left on device`
  assert.equal(call('ADD', dataDir, { containerId: 'c2' }), error)
  assert.deepEqual(filesIn(dataDir), ['10.0.0.2'])
  assert.equal(call('CHECK', dataDir), '')
  assert.equal(call('ADD', dataDir), '10.0.0.2/16')
  assert.equal(call('DEL', dataDir), '')
  assert.deepEqual(filesIn(dataDir), [])
})

test('a disk that becomes full in the middle of an ADD keeps nothing of it', () => {
  // Leases and the hints beside them are a page each.
  for (const pages of [1, 2, 3]) {
    const dataDir = mount(`filling-${pages}`, 'size=64k')
    fill(dataDir, pages + 1)
    assert.match(
      call('ADD', dataDir, { sets: 2 }),
      /^failed to allocate for range [01]: write \/run\/filling-\d\/net\/\S+: no space/,
    )
    assert.deepEqual(filesIn(dataDir), [])
    unlinkSync(join(dataDir, 'ballast'))
    assert.match(call('ADD', dataDir, { sets: 2 }), /^10\.0\.0\.\d\/16 10\.1\.0\.\d\/16$/)
  }
})

test('a disk without room for another file fails ADD, and not DEL', () => {
  const dataDir = mount('crowded', 'nr_inodes=8')
  assert.equal(call('ADD', dataDir), '10.0.0.2/16')
  const error = `failed to allocate for range 0: open ${dataDir}/net/10.0.0.3: no space left on device`
  writeFileSync(join(dataDir, 'ballast'), '')
  assert.equal(call('ADD', dataDir, { containerId: 'c2' }), error)
  assert.equal(call('DEL', dataDir), '')
  unlinkSync(join(dataDir, 'ballast'))
  assert.equal(call('ADD', dataDir, { containerId: 'c2' }), '10.0.0.3/16')
})

test('a disk without room for an index leases addresses without', () => {
  const dataDir = mount('narrow', 'size=512k')
  for (let at = 2; at < 102; at++) writeFileSync(join(dataDir, 'net', `10.0.0.${at}`), 'other\r\neth0')
  fill(dataDir, 4)
  assert.equal(call('ADD', dataDir), '10.0.0.102/16')
  assert.equal(call('CHECK', dataDir), '')
  assert.equal(call('DEL', dataDir), '')
  assert.equal(filesIn(dataDir).length, 100)
  assert.ok(!readdirSync(join(dataDir, 'net')).includes('.patchbay.index'))
})

test('a read-only file system fails every command with the name of what cannot be written', () => {
  const dataDir = mount('still', 'size=64k')
  assert.equal(call('ADD', dataDir), '10.0.0.2/16')
  execFileSync('mount', ['-o', 'remount,ro', dataDir])
  const error = `open ${dataDir}/net/lock: read-only file system`
  for (const command of ['ADD', 'CHECK', 'DEL']) assert.equal(call(command, dataDir), error)
  assert.equal(call('ADD', join(dataDir, 'other')), `mkdir ${dataDir}/other/net: read-only file system`)
  const sentence = `Cannot lease addresses of network "net": access ${dataDir}/net: read-only file system`
  assert.equal(call('STATUS', dataDir), sentence)
  assert.deepEqual(filesIn(dataDir), ['10.0.0.2'])
})

test('a directory that may not be entered fails every command with its name', () => {
  const dataDir = mount('closed', 'size=64k')
  assert.equal(call('ADD', dataDir), '10.0.0.2/16')
  chownSync(join(dataDir, 'net'), 12345, 12345)
  chmodSync(join(dataDir, 'net'), 0o700)
  // Root, but without the right to pass over permissions.
  const through = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search']
  const error = `open ${dataDir}/net/lock: permission denied`
  for (const command of ['ADD', 'CHECK', 'DEL']) assert.equal(call(command, dataDir, { through }), error)
  const sentence = `Cannot lease addresses of network "net": access ${dataDir}/net: permission denied`
  assert.equal(call('STATUS', dataDir, { through }), sentence)
  assert.deepEqual(filesIn(dataDir), ['10.0.0.2'])
})
