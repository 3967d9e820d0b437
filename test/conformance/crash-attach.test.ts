import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import { type Outcome, World } from '../lab/world.ts'
import { type CallSite, callSitesOf, injection, sampleOf, seed } from './call-sites.ts'

let world: World
before(async () => {
  world = await World.open({ containers: ['c1', 'c2'], containerDad: false })
  // Two masters: one that is shared, and one that a container has to itself. And a pair that is somebody else's.
  world.shell(
    `for name in lan alone other; do ip link add $name type veth peer name $name-far; ip link set $name up; done`,
  )
})
after(() => world[Symbol.dispose]())

const ranges = [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1:2::/64' }]]
const ipam = { type: 'host-local', ranges }

/** Everything that an ADD may make on the machine, but for what stays by design: the bridge. */
const look = `
  ip -brief link show | cut -d' ' -f1 | grep -v -e '^b0$' || true
  for name in c1 c2; do ip -n $name -brief link show | sed "s/^/$name: /" | cut -d' ' -f1-2; done
  ls -A /var/lib/cni/networks/net 2>/dev/null | grep -e : -e '^1' -e netns || true
  nft list ruleset | grep -v -e '^table' | grep -o '10[.]1[.]2[.][0-9]* .*\\|fd00:1:2::[0-9]* .*' || true`

type Network = Readonly<Record<string, unknown>>

const networks: Readonly<Record<string, Network>> = {
  bridge: { type: 'bridge', bridge: 'b0', isGateway: true, ipMasq: true, ipam },
  'bridge without IPAM': { type: 'bridge', bridge: 'b0' },
  ptp: { type: 'ptp', ipMasq: true, ipam },
  macvlan: { type: 'macvlan', master: 'lan', ipam },
  'macvlan in mode passthru': { type: 'macvlan', master: 'alone', mode: 'passthru' },
}

function call(
  command: string,
  keys: Network,
  options: { container?: string; through?: readonly string[] } = {},
): Outcome {
  const { container = 'c1', through = [] } = options
  const attached =
    command === 'GC' ? {} : { CNI_CONTAINERID: container, CNI_NETNS: `/run/netns/${container}`, CNI_IFNAME: 'eth0' }
  const all = { cniVersion: '1.1.0', name: 'net', ...keys }
  const alive = { 'cni.dev/valid-attachments': [{ containerID: 'c2', ifname: 'eth0' }] }
  return world.run([...through, `${patchbay.directory}/${keys['type']}`], {
    env: { PATH: process.env['PATH'], CNI_COMMAND: command, CNI_PATH: patchbay.directory, ...attached },
    input: JSON.stringify(command === 'GC' ? { ...all, ...alive } : all),
  })
}

function succeed(command: string, network: Network, container = 'c1'): void {
  const { status, stdout, stderr } = call(command, network, { container })
  assert.equal(status, 0, `${command} ${container}: ${stdout}${stderr}`)
}

/** The calls that make something, and those that hear of it. */
const steps = ['sendto', 'recvfrom', 'linkat', 'renameat2']

function stepsOf(network: Network): CallSite[] {
  const sites = callSitesOf(world, (through) => call('ADD', network, { through }))
  succeed('DEL', network)
  return sites.filter((site) => steps.includes(site.call))
}

/** Kills an ADD at a call, or at its end when it does not come to that. */
function killAt(site: CallSite, network: Network): void {
  // strace ends as the program does; the shell makes a status of that.
  const through = ['sh', '-c', '"$@"; exit $?', 'sh', ...injection(site, 'signal=KILL')]
  const { status, stdout } = call('ADD', network, { through })
  assert.ok(status === 0 || status === 137, stdout)
}

for (const [name, network] of Object.entries(networks))
  test(`${name}: ADD that is killed leaves nothing after GC or DEL alone, and can be repeated (seed ${seed})`, () => {
    const isShared = network['mode'] !== 'passthru'
    if (isShared) succeed('ADD', network, 'c2')
    const expected = world.shell(look)
    for (const site of sampleOf(stepsOf(network), 7)) {
      for (const command of ['GC', 'DEL']) {
        killAt(site, network)
        succeed(command, network)
        assert.equal(world.shell(look), expected, `after ${site.line} and ${command}`)
      }
      killAt(site, network)
      // An interface that has its name already is taken for one that is in use.
      if (!world.shell('ip -n c1 -brief link show').includes('eth0')) succeed('ADD', network)
      succeed('DEL', network)
      assert.equal(world.shell(look), expected, `after ${site.line}, ADD again and DEL`)
    }
    if (isShared) succeed('DEL', network, 'c2')
  })
