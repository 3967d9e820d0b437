import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'

const program = join(patchbay.directory, 'patchbay')

/** A directory of leases and one of remembered attachments, and the options that name them. */
function makeState(context: TestContext): string[] {
  const root = mkdtempSync(join(tmpdir(), 'patchbay-leases-'))
  context.after(() => rmSync(root, { recursive: true }))
  const [leases, results] = [join(root, 'networks', 'pods'), join(root, 'results')]
  for (const directory of [leases, results]) mkdirSync(directory, { recursive: true })
  for (const [address, owner] of [
    ['10.1.0.2', 'c1\r\neth0'],
    ['10.1.0.10', 'c2\r\neth0'],
    ['10.1.0.3', 'c3\r\neth0'],
    ['10.1.0.4', 'c4\r\neth0'],
    ['10.1.0.5', 'c5\r\neth0'],
  ] as const)
    writeFileSync(join(leases, address), owner)
  for (const [containerId, where] of [
    ['c1', { netns: '/proc/self/ns/net' }],
    ['c2', { netns: '/run/netns/gone' }],
    // libcni before 1.2 says it in the result alone, and not all results say it.
    ['c4', { result: { interfaces: [{ name: 'eth0', sandbox: '/proc/self/ns/net' }] } }],
    ['c5', { result: { ips: [] } }],
  ] as const)
    writeFileSync(
      join(results, `pods-${containerId}-eth0`),
      JSON.stringify({ kind: 'cniCacheV1', containerId, config: '', ifName: 'eth0', networkName: 'pods', ...where }),
    )
  return ['--data-dir', join(root, 'networks'), '--cache-dir', root]
}

const leases = (...args: string[]) => spawnSync(program, ['leases', ...args], { encoding: 'utf8' })

test('patchbay leases lists what host-local has leased, and whether its namespace is there', (context) => {
  const options = makeState(context)
  const { status, stdout } = leases(...options, '--json')
  assert.equal(status, 0)
  const rows: Record<string, string>[] = JSON.parse(stdout)
  assert.deepEqual(
    rows.map(({ network, address, containerId, ifName, namespace }) =>
      [network, address, containerId, ifName, namespace].join(' '),
    ),
    [
      'pods 10.1.0.2 c1 eth0 present',
      'pods 10.1.0.3 c3 eth0 unknown',
      'pods 10.1.0.4 c4 eth0 present',
      'pods 10.1.0.5 c5 eth0 unknown',
      'pods 10.1.0.10 c2 eth0 gone',
    ],
  )
  const columns =
    /^NETWORK +ADDRESS +CONTAINER +INTERFACE +AGE +NAMESPACE\npods +10\.1\.0\.2 +c1 +eth0 +\d+s +present\n/
  assert.match(leases('pods', ...options).stdout, columns)
})

test('patchbay leases fails for a network that has no directory', (context) => {
  const { status, stderr } = leases('other', ...makeState(context))
  assert.equal(status, 1)
  assert.match(stderr, /^Error: Cannot list the leases of "other": no directory ".*", only leases of "pods"\n$/)
})

test('patchbay leases fails for directories of another kind, and names the folders that it expects', (context) => {
  const [dataOption = '', networks = '', cacheOption = '', root = ''] = makeState(context)
  const results = join(root, 'results')
  const dataDir = '--data-dir is the directory that has a folder of leases for each network, by default'
  for (const wrong of [root, results, join(networks, 'pods')]) {
    const message = `Cannot list leases: no folder in "${wrong}" has leases; ${dataDir} "/var/lib/cni/networks"`
    const { status, stdout, stderr } = leases(dataOption, wrong, cacheOption, root)
    assert.deepEqual([status, stdout, stderr], [1, '', `Error: ${message}\n`])
  }
  const cacheDir = '--cache-dir is the directory that has the folder "results", by default "/var/lib/cni"'
  const { status, stdout, stderr } = leases(dataOption, networks, cacheOption, results)
  const message = `Cannot list leases: no attachments are remembered in "${results}"; ${cacheDir}`
  assert.deepEqual([status, stdout, stderr], [1, '', `Error: ${message}\n`])
})

test('patchbay leases lists nothing in a directory whose leases have ended, or that is new', (context) => {
  const [dataOption = '', networks = '', ...options] = makeState(context)
  rmSync(join(networks, 'pods'), { recursive: true })
  assert.deepEqual([leases(dataOption, networks, '--json', ...options).stdout], ['[]\n'])
  mkdirSync(join(networks, 'pods'))
  for (const name of ['lock', 'last_reserved_ip.0']) writeFileSync(join(networks, 'pods', name), '')
  assert.deepEqual([leases(dataOption, networks, '--json', ...options).stdout], ['[]\n'])
})

for (const option of ['--data-dir', '--cache-dir'])
  test(`patchbay leases fails when ${option} names no directory`, (context) => {
    const { status, stdout, stderr } = leases(...makeState(context), option, '/nonexistent')
    assert.deepEqual([status, stdout, stderr], [1, '', 'Error: Cannot list leases: no directory "/nonexistent"\n'])
  })
