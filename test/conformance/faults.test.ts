import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import { type Outcome, World } from '../lab/world.ts'
import { type CallSite, callSitesOf, injection, sampleOf, seed } from './call-sites.ts'

let world: World
before(async () => {
  world = await World.open({ containers: ['c1'], containerDad: false })
  world.shell('ip link add lan type veth peer name lan-far; ip link set lan up; ip link set lan-far up')
})
after(() => world[Symbol.dispose]())

/** The call that says how it went. */
const answer = / write\(1[,<]/

type Config = Readonly<Record<string, unknown>>

const errors = ['EIO', 'ENOSPC', 'EMFILE', 'ENOMEM']

/** What a plugin does not ask for itself: memory, threads and its end. */
const exempt =
  /^(?:execve|brk|mmap|munmap|mprotect|exit|exit_group|rt_sig\w+|set_\w+|arch_prctl|rseq|prlimit64|futex|madvise)$/

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1:2::/64' }]] }
const prevResult = {
  cniVersion: '1.1.0',
  interfaces: [{ name: 'b0' }, { name: 'veth0' }, { name: 'eth0', sandbox: '/run/netns/c1' }],
  ips: [{ address: '10.1.2.9/24', interface: 2 }],
}
const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]
const configs: Readonly<Record<string, Config>> = {
  bridge: { type: 'bridge', bridge: 'b0', isGateway: true, ipMasq: true, macspoofchk: true, ipam },
  ptp: { type: 'ptp', ipMasq: true, ipam },
  macvlan: { type: 'macvlan', master: 'lan', ipam },
  loopback: { type: 'loopback' },
  'host-local': { type: 'host-local', ipam },
  static: { type: 'static', ipam: { type: 'static', addresses: [{ address: '10.1.2.9/24' }] } },
  portmap: { type: 'portmap', backend: 'nftables', runtimeConfig: { portMappings }, prevResult },
  firewall: { type: 'firewall', backend: 'nftables', ingressPolicy: 'same-bridge', prevResult },
}

/** All that an ADD may leave, but for what stays by design: the bridge, files without a lease, and tables without elements. */
const look = `
  ip -brief link show | cut -d' ' -f1 | grep -v -e '^b0$' || true
  ip -n c1 -brief link show | cut -d' ' -f1
  ls -A /var/lib/cni/networks/net 2>/dev/null | grep -v -e lock -e last_reserved -e boot -e index || true
  nft list ruleset | grep -o -e '10[.]1[.]2[.][0-9]*.*' -e 'fd00:1:2::[0-9]*.*' -e 'c1.*' -e veth0 || true`

function call(command: string, config: Config, through: readonly string[] = []): Outcome {
  return world.run([...through, `${patchbay.directory}/${config['type']}`], {
    env: {
      PATH: process.env['PATH'],
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: '/run/netns/c1',
      CNI_IFNAME: 'eth0',
      CNI_PATH: patchbay.directory,
    },
    input: JSON.stringify({ cniVersion: '1.1.0', name: 'net', ...config }),
  })
}

function succeed(command: string, config: Config, what = ''): void {
  const { status, stdout } = call(command, config)
  assert.equal(status, 0, `${command} ${what}: ${stdout}`)
}

interface Fault {
  readonly site: CallSite
  readonly error: string
}

/** The calls whose failure is tried, each with an error: from where the program has its input, and is a plugin, on. */
function faultsOf(command: string, config: Config): Fault[] {
  const sites = callSitesOf(world, (through) => call(command, config, through))
  const first = sites.findIndex(({ line }) => / read\(0[,<]/.test(line))
  const faults = sites
    .slice(first)
    .filter((site) => !exempt.test(site.call))
    .flatMap((site, at) => errors.map((_, turn) => ({ site, error: errors[(at + turn) % errors.length] ?? 'EIO' })))
  return sampleOf(faults, 6)
}

/** What is wrong with how a call has ended; `''` for nothing. */
function complaintOf({ status, stdout }: Outcome, { call: name, line }: CallSite): string {
  if (status === 0) return ''
  // Without the way back from another namespace the process has to end, whatever it leaves.
  if (name === 'setns' && status === null) return ''
  if (status !== 1) return `status ${status}`
  if (answer.test(line)) return ''
  try {
    const { code, msg }: { code?: unknown; msg?: unknown } = JSON.parse(stdout)
    return typeof code === 'number' && typeof msg === 'string' ? '' : `no error: ${stdout}`
  } catch {
    return `no JSON: ${stdout}`
  }
}

/** Complaints about ADD with a fault, and about DEL after it. */
function tryAdd(config: Config, { site, error }: Fault, expected: string): string[] {
  const outcome = call('ADD', config, injection(site, `error=${error}`))
  const left = outcome.status === 1 && world.shell(look) !== expected ? `left ${world.shell(look)}` : ''
  const del = call('DEL', config)
  const complaints = [complaintOf(outcome, site), left, del.status === 0 ? '' : `then DEL: ${del.stdout}`]
  if (world.shell(look) !== expected) complaints.push(`then DEL left ${world.shell(look)}`)
  return complaints.filter((each) => each !== '').map((each) => `${each}; ADD said ${outcome.stdout}${outcome.stderr}`)
}

/** Complaints about DEL with a fault, and about DEL again. */
function tryDel(config: Config, { site, error }: Fault, expected: string): string[] {
  succeed('ADD', config)
  const outcome = call('DEL', config, injection(site, `error=${error}`))
  const again = call('DEL', config)
  const complaints = [complaintOf(outcome, site), again.status === 0 ? '' : `then DEL: ${again.stdout}`]
  if (world.shell(look) !== expected) complaints.push(`then DEL left ${world.shell(look)}`)
  return complaints.filter((each) => each !== '').map((each) => `${each}; DEL said ${outcome.stdout}${outcome.stderr}`)
}

for (const [name, config] of Object.entries(configs))
  test(`${name}: whatever call fails, ADD that fails leaves nothing, and DEL succeeds afterwards (seed ${seed})`, () => {
    // Once before, so that what stays by design is there.
    succeed('ADD', config)
    succeed('DEL', config)
    const expected = world.shell(look)
    const adding = faultsOf('ADD', config)
    const deleting = faultsOf('DEL', config)
    const complaints: string[] = []
    for (const [attempt, faults] of [
      [tryAdd, adding],
      [tryDel, deleting],
    ] as const)
      for (const fault of faults) {
        const { site, error } = fault
        for (const complaint of attempt(config, fault, expected))
          complaints.push(`${attempt.name} ${error} at ${site.call} ${site.when} (${site.line}): ${complaint}`)
      }
    assert.deepEqual(complaints, [])
  })
