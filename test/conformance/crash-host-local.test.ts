import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseIP, tryParseIP } from '@patchbay/address'
import { patchbay, reference } from '../lab/implementation.ts'
import { killAtEveryCall } from './crash-run.ts'

const ranges = [[{ subnet: '10.0.0.0/23' }], [{ subnet: 'fd00::/64' }]]

/** Calls host-local on a directory of leases. */
function call(command: string, containerId: string, { dataDir, directory = patchbay.directory }: Place) {
  const { env, input, program } = callOf(command, containerId, { dataDir, directory })
  return spawnSync(program[0] ?? '', { env, input, encoding: 'utf8' })
}

interface Place {
  readonly dataDir: string
  /** Whose plugin; ours by default. */
  readonly directory?: string
}

function callOf(command: string, containerId: string, { dataDir, directory = patchbay.directory }: Place) {
  const ipam = { type: 'host-local', dataDir, ranges, durability: 'synced' }
  const variables = { CNI_COMMAND: command, CNI_CONTAINERID: containerId, CNI_IFNAME: 'eth0' }
  return {
    program: [join(directory, 'host-local')],
    env: { ...variables, CNI_NETNS: '/nowhere/netns', CNI_PATH: '/nowhere/bin' },
    input: JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam }),
    from: join(dataDir, 'net', 'lock'),
  }
}

function succeed(command: string, containerId: string, place: Place): string[] {
  const { status, stdout } = call(command, containerId, place)
  assert.equal(status, 0, `${command} ${containerId}: ${stdout}`)
  return [...stdout.matchAll(/"address": "([^"/]+)/g)].map(([, address = '']) => address)
}

/** Who has which address, by the files alone. */
function leasesIn(dataDir: string): Map<string, string> {
  const directory = join(dataDir, 'net')
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => tryParseIP(name)) : []
  return new Map(names.sort().map((name) => [name, readFileSync(join(directory, name), 'latin1')]))
}

function addressesOf(containerId: string, dataDir: string): string[] {
  return [...leasesIn(dataDir)].filter(([, owner]) => owner === `${containerId}\r\neth0`).map(([address]) => address)
}

/** The address that the search of the reference comes to, by the files alone. */
function nextFree(first: string, set: number, dataDir: string): string {
  const last = readFileSync(join(dataDir, 'net', `last_reserved_ip.${set}`), 'latin1')
  const taken = leasesIn(dataDir)
  let ip = parseIP(last === '' ? first : last)
  do ip = ip.add(1)
  while (taken.has(String(ip)))
  return String(ip)
}

/** Leases of others: `count` of each family, ours or as the reference left them. */
function prepare(dataDir: string, count: number): void {
  rmSync(dataDir, { recursive: true, force: true })
  mkdirSync(join(dataDir, 'net'), { recursive: true })
  for (const [set, first] of ['10.0.0.2', 'fd00::2'].entries()) {
    const addresses = Array.from({ length: count }, (_, at) => String(parseIP(first).add(at)))
    for (const [at, address] of addresses.entries())
      writeFileSync(join(dataDir, 'net', address), `other-${at}\r\neth0`, { mode: 0o600 })
    writeFileSync(join(dataDir, 'net', `last_reserved_ip.${set}`), addresses.at(-1) ?? first)
  }
  // Where leases are many, this makes the index.
  succeed('ADD', 'other', { dataDir })
}

/** Everything that should hold after a crash, and after what a runtime does then: ADD or DEL again. */
function checkRepair(command: string, dataDir: string, others: Map<string, string>, at: string): void {
  const addresses = addressesOf('c1', dataDir)
  assert.ok(addresses.length <= 2, at)
  if (command === 'DEL') succeed('DEL', 'c1', { dataDir })
  else {
    const given = succeed('ADD', 'c1', { dataDir })
    assert.deepEqual(given.sort(), addressesOf('c1', dataDir).sort(), at)
    assert.equal(given.length, 2, at)
    assert.ok(
      addresses.every((address) => given.includes(address)),
      `${at}: what had been leased is given again`,
    )
    succeed('CHECK', 'c1', { dataDir })
    const expected = [nextFree('10.0.0.1', 0, dataDir), nextFree('fd00::1', 1, dataDir)]
    assert.deepEqual(succeed('ADD', 'c2', { dataDir }), expected, at)
    for (const containerId of ['c1', 'c2']) succeed('DEL', containerId, { dataDir })
  }
  assert.deepEqual(leasesIn(dataDir), others, at)
  assert.notEqual(call('CHECK', 'c1', { dataDir }).status, 0, at)
  succeed('CHECK', 'other', { dataDir })
}

/** What the reference makes of the same remains: it finds a lease to end, or none, and no other is hurt. */
function checkReference(dataDir: string, others: Map<string, string>, at: string): void {
  if (!reference) return
  const copy = `${dataDir}-copy`
  cpSync(dataDir, copy, { recursive: true })
  succeed('DEL', 'c1', { dataDir: copy, directory: reference.directory })
  assert.deepEqual(leasesIn(copy), others, `the reference after ${at}`)
  rmSync(copy, { recursive: true })
}

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-crash-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** With few leases they are all read, with many there is an index. */
for (const [count, kind] of [
  [2, 'few leases'],
  [40, 'an index'],
] as const) {
  for (const command of ['ADD', 'DEL']) {
    test(`${command} with ${kind}, killed at any system call, leaves nothing that ${command} again does not repair`, async (context) => {
      const dataDir = join(temporaryDirectory(context), 'networks')
      let others = new Map<string, string>()
      const before = () => {
        prepare(dataDir, count)
        others = leasesIn(dataDir)
        if (command === 'DEL') succeed('ADD', 'c1', { dataDir })
        assert.equal(existsSync(join(dataDir, 'net', '.patchbay.index')), count > 2)
      }
      const kills = await killAtEveryCall(callOf(command, 'c1', { dataDir }), before, (at) => {
        checkReference(dataDir, others, at)
        checkRepair(command, dataDir, others, at)
      })
      // The fewest are those of DEL with few leases: open and lock, unlink, sync.
      assert.ok(kills >= 4, `${kills} calls`)
    })
  }
}
