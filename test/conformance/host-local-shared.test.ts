import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Implementation, patchbay, reference, withoutReference } from '../lab/implementation.ts'

const processes = 16
const operations = 2000
/** How many containers each process has at a time: together more leases than are kept without an index. */
const alive = 3

/** Room for all that are alive at once and some more, so that addresses come round often. */
const ranges = [[{ subnet: '10.9.0.0/24', rangeEnd: '10.9.0.70' }], [{ subnet: 'fd00:9::/64', rangeEnd: 'fd00:9::60' }]]

interface Network {
  readonly dataDir: string
  /** Who has an address, as far as the answers tell. */
  readonly claims: Map<string, string>
}

async function call(implementation: Implementation, command: string, containerId: string, { dataDir }: Network) {
  const program = join(implementation.directory, 'host-local')
  const variables = { CNI_COMMAND: command, CNI_CONTAINERID: containerId, CNI_IFNAME: 'eth0' }
  const child = spawn(program, {
    env: { ...variables, CNI_NETNS: '/nowhere/netns', CNI_PATH: '/nowhere/bin' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.end(
    JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam: { type: 'host-local', dataDir, ranges } }),
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const [status] = await once(child, 'close')
  assert.equal(status, 0, `${implementation.name} ${command} ${containerId}: ${output}`)
  return [...output.matchAll(/"address": "([^"/]+)/g)].map(([, address = '']) => address)
}

async function add(implementation: Implementation, containerId: string, network: Network): Promise<void> {
  const addresses = await call(implementation, 'ADD', containerId, network)
  assert.equal(addresses.length, 2)
  for (const address of addresses) {
    const other = network.claims.get(address)
    assert.equal(
      other,
      undefined,
      `${address} is given to ${containerId} (${implementation.name}) while ${other} has it`,
    )
    network.claims.set(address, containerId)
  }
}

async function del(implementation: Implementation, containerId: string, network: Network): Promise<void> {
  for (const [address, owner] of network.claims) if (owner === containerId) network.claims.delete(address)
  await call(implementation, 'DEL', containerId, network)
}

/** One process after another: it adds containers and deletes the oldest, each by one of the implementations. */
async function work(number: number, own: Implementation, other: Implementation, network: Network): Promise<string[]> {
  const held: string[] = []
  for (let done = 0; done < operations / processes; done++) {
    const oldest = held.length === alive ? held.shift() : undefined
    const containerId = `c${number}-${done}`
    // Now and then what one has leased is released by the other.
    if (oldest !== undefined) await del(done % 5 === 0 ? other : own, oldest, network)
    else {
      await add(own, containerId, network)
      held.push(containerId)
    }
  }
  return held
}

function leasesIn(dataDir: string): Map<string, string> {
  const names = readdirSync(join(dataDir, 'net')).filter((name) => /^(?:10|fd00)[.:]/.test(name))
  return new Map(
    names.map((name) => [name, readFileSync(join(dataDir, 'net', name), 'latin1').replace('\r\neth0', '')]),
  )
}

test(`${processes} processes, half of them the reference's, share a directory through ${operations} operations`, {
  skip: withoutReference,
}, async (context: TestContext) => {
  assert.ok(reference)
  const dataDir = mkdtempSync(join(tmpdir(), 'patchbay-shared-'))
  context.after(() => rmSync(dataDir, { recursive: true }))
  const network: Network = { dataDir, claims: new Map() }
  const theirs = reference
  const held = await Promise.all(
    Array.from({ length: processes }, (_, number) =>
      number % 2 === 0 ? work(number, patchbay, theirs, network) : work(number, theirs, patchbay, network),
    ),
  )
  const byName = (a: readonly string[], b: readonly string[]) => (String(a) < String(b) ? -1 : 1)
  assert.deepEqual([...leasesIn(dataDir)].sort(byName), [...network.claims].sort(byName), 'none is lost, none is left')
  await Promise.all(held.flat().map((containerId, at) => del(at % 2 === 0 ? patchbay : theirs, containerId, network)))
  assert.deepEqual([...leasesIn(dataDir)], [])
})
