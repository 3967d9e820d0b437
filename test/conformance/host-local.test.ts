import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { dispatch } from '@patchbay/cni/plugin'
import { lockFile } from '@patchbay/linux/sys'
import { hostLocal } from '@patchbay/plugins/host-local'
import { reference, withoutReference } from '../lab/implementation.ts'
import { cases, ok } from './host-local-cases.ts'

const program = join(reference?.directory ?? '', 'host-local')

interface Call {
  readonly command?: string
  readonly config: unknown
  readonly containerId?: string
  readonly ifName?: string
  readonly args?: string
}

/** Exit status and standard output, as they are. */
interface Answer {
  readonly status: number | null
  readonly output: string
}

type Implementation = (call: Call) => Promise<Answer>

function environment({
  command = 'ADD',
  containerId = 'c1',
  ifName = 'eth0',
  args = '',
}: Call): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: '/nowhere/netns',
    CNI_IFNAME: ifName,
    CNI_ARGS: args,
    CNI_PATH: '/nowhere/bin',
  }
}

function stdinOf({ config }: Call): string {
  return typeof config === 'string' ? config : JSON.stringify(config)
}

const theirs: Implementation = async (call) => {
  const child = spawn(program, { env: environment(call), stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.end(stdinOf(call))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const [status] = await once(child, 'close')
  return { status, output }
}

const ours: Implementation = async (call) => {
  let output = ''
  const refuse = async () => {
    throw new Error('Cannot run another plugin: this test has one alone')
  }
  const status = await dispatch(hostLocal, {
    env: environment(call),
    readStdin: async () => stdinOf(call),
    stdout: (text) => {
      output += text
    },
    stderr: () => {},
    executor: { find: refuse, run: refuse },
    hostNetns: '/proc/self/ns/net',
  })
  return { status, output }
}

const scratch = mkdtempSync(join(tmpdir(), 'patchbay-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let directories = 0

function newDirectory(): string {
  const directory = join(scratch, String(directories++))
  mkdirSync(directory)
  return directory
}

/** Names, permissions and bytes of everything in a directory that both implementations know. */
function contents(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.patchbay.'))
    .sort()
    .map((name) => {
      const path = join(directory, name)
      return `${name} ${(statSync(path).mode & 0o7777).toString(8)} ${JSON.stringify(readFileSync(path, 'latin1'))}`
    })
}

/** Why there is nothing to compare with; `false` when there is. Older references have other modes and texts. */
async function unfitReference(): Promise<string | false> {
  if (withoutReference) return withoutReference
  const dataDir = newDirectory()
  const { status } = await theirs({ config: networkOf({ dataDir, subnet: '10.0.0.0/24' }) })
  const isCurrent = status === 0 && (statSync(join(dataDir, 'net', '10.0.0.2')).mode & 0o777) === 0o600
  return isCurrent ? false : `${program} is older than 1.9: its files and texts differ`
}

function networkOf(ipam: object | undefined, more: object = {}): object {
  return { cniVersion: '1.1.0', name: 'net', type: 'bridge', ...(ipam === undefined ? {} : { ipam }), ...more }
}

const skip = await unfitReference()

/** Our errors say in `details` which key is wrong; those of the reference have none. */
function withoutDetails({ status, output }: Answer): Answer {
  return { status, output: output.replace(/,\n {4}"details": ".*"/, '') }
}

test('ADD, CHECK and DEL answer any configuration as the reference does', { skip }, async () => {
  for (const [ipam, more = {}, args = ''] of cases) {
    const [left, right] = [newDirectory(), newDirectory()]
    for (const command of ['ADD', 'CHECK', 'DEL']) {
      const call = (dataDir: string) => ({ command, args, config: networkOf({ dataDir, ...ipam }, more) })
      const label = `${command} ${JSON.stringify([ipam, more, args])}`
      assert.deepEqual(withoutDetails(await ours(call(left))), await theirs(call(right)), label)
      if (command === 'ADD') assert.deepEqual(contents(join(left, 'net')), contents(join(right, 'net')), label)
    }
  }
})

test('a configuration whose ipam is no object is refused in the words of the reference', { skip }, async () => {
  for (const more of [{}, { ipam: null }, { ipam: 'x' }, { ipam: [] }]) {
    for (const command of ['ADD', 'DEL']) {
      const call = { command, config: networkOf(undefined, more) }
      assert.deepEqual(withoutDetails(await ours(call)), await theirs(call), JSON.stringify(more))
    }
  }
})

test('resolv.conf gives the dns of the reference', { skip }, async () => {
  const resolvConf = join(newDirectory(), 'resolv.conf')
  const lines = [
    '# x',
    ' ; y',
    'nameserver 192.0.2.1  z',
    '\tnameserver\t::1',
    'nameserver',
    'options g h\r',
    'sortlist i',
  ]
  for (const list of ['domain b c', 'search e f']) {
    writeFileSync(resolvConf, [...lines, list].join('\n'))
    for (const cniVersion of ['0.2.0', '0.4.0', '1.1.0']) {
      const call = () => ({ config: networkOf({ dataDir: newDirectory(), ...ok, resolvConf }, { cniVersion }) })
      assert.deepEqual(await ours(call()), await theirs(call()))
    }
  }
})

/** Reproducible random numbers (Park and Miller). */
function seeded(seed: number): (limit: number) => number {
  let state = (seed % 2147483646) + 1
  return (limit) => {
    state = (state * 48271) % 2147483647
    return state % limit
  }
}

/** Few addresses, so that they run out and come round. */
const historyRanges = [
  [
    { subnet: '10.0.0.0/28', rangeEnd: '10.0.0.3' },
    { subnet: '10.0.1.0/28', rangeStart: '10.0.1.3', rangeEnd: '10.0.1.6', gateway: '10.0.1.5' },
  ],
  [{ subnet: 'fd00::/124', rangeStart: 'fd00::c' }],
]
const wishes = ['10.0.0.3', '10.0.1.5', '10.0.1.6', '10.0.0.9', 'fd00::d', 'fd00::1', '192.0.2.1']

/** The next call of a history; only a container that has nothing is added, since adding again is not the same. */
function nextCall(random: (limit: number) => number, leases: string): Omit<Call, 'config'> {
  const containerId = `c${random(7)}`
  const holds = contents(leases).some((line) => line.includes(`"${containerId}\\r\\n`))
  const commands = holds ? ['DEL', 'DEL', 'CHECK'] : ['ADD', 'ADD', 'ADD', 'ADD', 'DEL', 'CHECK']
  const command = commands[random(commands.length)] ?? 'ADD'
  const wish = wishes[random(wishes.length * 3)]
  return { command, containerId, ...(wish === undefined || holds ? {} : { args: `IP=${wish}` }) }
}

test('either implementation carries on from the other in any history, byte for byte', { skip }, async () => {
  const first = Number(process.env['PATCHBAY_TEST_SEED'] ?? Date.now() % 2 ** 31)
  for (let seed = first; seed < first + 4; seed++) {
    const random = seeded(seed)
    const [shared, alone] = [newDirectory(), newDirectory()]
    const call = (dataDir: string) => networkOf({ dataDir, ranges: historyRanges })
    for (let step = 0; step < 60; step++) {
      const next = step === 0 ? { command: 'ADD' } : nextCall(random, join(shared, 'net'))
      const implementation = random(2) === 0 ? ours : theirs
      const label = `PATCHBAY_TEST_SEED=${seed}, step ${step}: ${JSON.stringify(next)}`
      const answer = await implementation({ ...next, config: call(shared) })
      assert.deepEqual(withoutDetails(answer), await theirs({ ...next, config: call(alone) }), label)
      assert.deepEqual(contents(join(shared, 'net')), contents(join(alone, 'net')), label)
    }
  }
})

test('ADD again gives what a container has from either, and refuses another address in the words of the reference', {
  skip,
}, async () => {
  const dataDir = newDirectory()
  const config = networkOf({ dataDir, ...ok })
  const first = await theirs({ config })
  const before = contents(join(dataDir, 'net'))
  assert.deepEqual(await ours({ config }), first)
  assert.deepEqual(await ours({ config, args: 'IP=10.0.0.2' }), first)
  const refusal = await theirs({ config })
  assert.equal(refusal.status, 1)
  assert.deepEqual(await ours({ config, args: 'IP=10.0.0.9' }), refusal)
  assert.deepEqual(contents(join(dataDir, 'net')), before)
})

test('leases in the old form and spoilt hints mean the same to both', { skip }, async () => {
  const files = {
    '10.0.0.2': 'c1',
    '10.0.0.3': 'c2\r\neth0\n',
    '10.0.0.4': 'c1\r\neth1',
    'last_reserved_ip.0': '10.0.0.3\n',
  }
  const [left, right] = [newDirectory(), newDirectory()]
  for (const directory of [left, right]) {
    mkdirSync(join(directory, 'net'))
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(directory, 'net', name), content, { mode: 0o600 })
  }
  for (const [command, containerId, ifName] of [
    ['ADD', 'c1', 'eth0'],
    ['CHECK', 'c1', 'eth7'],
    ['ADD', 'c3', 'eth0'],
    ['DEL', 'c2', 'eth0'],
    ['DEL', 'c1', 'eth1'],
    ['DEL', 'c1', 'eth1'],
    ['CHECK', 'c1', 'eth7'],
  ] as const) {
    const call = (dataDir: string) => ({ command, containerId, ifName, config: networkOf({ dataDir, ...ok }) })
    assert.deepEqual(await ours(call(left)), await theirs(call(right)), `${command} ${containerId} ${ifName}`)
    assert.deepEqual(contents(join(left, 'net')), contents(join(right, 'net')), `${command} ${containerId} ${ifName}`)
  }
})

test('both in one directory at the same time give every address once', { skip }, async () => {
  const dataDir = newDirectory()
  const config = networkOf({ dataDir, subnet: '10.0.0.0/24', rangeEnd: '10.0.0.41' })
  const containers = Array.from({ length: 40 }, (_, index) => `c${index}`)
  const answers = await Promise.all(
    containers.map((containerId, index) => (index % 2 === 0 ? ours : theirs)({ config, containerId })),
  )
  const addresses = answers.map(({ output }) => /"address": "([^"/]+)/.exec(output)?.[1] ?? output)
  assert.deepEqual(
    addresses.map((address) => Number(address.split('.')[3])).sort((a, b) => a - b),
    containers.map((_, index) => index + 2),
  )
})

test('the reference waits for the lock that this library holds', { skip }, async (context: TestContext) => {
  const dataDir = newDirectory()
  const call = { config: networkOf({ dataDir, ...ok }) }
  await ours({ ...call, containerId: 'c0' })
  const lock = await lockFile(join(dataDir, 'net', 'lock'))
  const child = spawn(program, { env: environment(call), stdio: ['pipe', 'ignore', 'ignore'] })
  context.after(() => child.kill())
  child.stdin.end(stdinOf(call))
  const ended = once(child, 'exit')
  const still = new Promise((resolve) => setTimeout(resolve, 200, 'waits'))
  assert.equal(await Promise.race([ended, still]), 'waits')
  lock.close()
  assert.deepEqual(await ended, [0, null])
})

test('the plugin as a process of its own prints what the reference prints', { skip }, async () => {
  const main =
    "import { runPlugin } from '@patchbay/cni/plugin'; import { hostLocal } from '@patchbay/plugins/host-local'; await runPlugin(hostLocal)"
  const dataDir = newDirectory()
  const otherDir = newDirectory()
  for (const command of ['ADD', 'CHECK', 'DEL', 'CHECK']) {
    const call = { command, config: networkOf({ dataDir, ...ok }) }
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', main], {
      env: environment(call),
      input: stdinOf(call),
      encoding: 'utf8',
    })
    assert.deepEqual(
      { status, output: stdout },
      await theirs({ command, config: networkOf({ dataDir: otherDir, ...ok }) }),
      command,
    )
  }
})
