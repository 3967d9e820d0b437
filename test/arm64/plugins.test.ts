import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { JsonObject } from '../lab/witness.ts'
import { Arm64Machine, PLUGINS } from './machine.ts'

let machine: Arm64Machine
before(async () => {
  machine = await Arm64Machine.start()
  await machine.shell(host)
})
after(() => machine[Symbol.asyncDispose]())

const plugins = ['bridge', 'ptp', 'macvlan', 'loopback', 'host-local', 'static', 'portmap', 'firewall']
const backends = ['nftables', 'iptables'] as const
const outside = ['192.0.2.2', '2001:db8::2'] as const

/**
 * A host with two containers and a machine outside that knows no way to the containers. All tests share it: each takes back what it
 * made, as a plugin's DEL does.
 */
const host = `
  for name in c1 c2 outside; do ip netns add $name; done
  ip -batch - <<'COMMANDS'
    link add up0 type veth peer name eth0 netns outside
    address add 192.0.2.1/24 dev up0
    address add 2001:db8::1/64 dev up0 nodad
    link set up0 up
COMMANDS
  ip -n outside -batch - <<'COMMANDS'
    address add 192.0.2.2/24 dev eth0
    address add 2001:db8::2/64 dev eth0 nodad
    link set eth0 up
COMMANDS`
const ownLinks = ['lo', 'up0']

const published = ['192.0.2.1', '2001:db8::1'] as const

/** Asks a published port for a file. */
function fetch(host: string) {
  return machine.run(`printf 'GET / HTTP/1.0\\r\\n\\r\\n' | ip netns exec outside busybox nc -w 20 ${host} 8080`)
}

/** Has a host forward nothing that is not allowed. */
const close = {
  iptables: 'for tool in iptables ip6tables; do $tool -P FORWARD DROP; done',
  nftables: `
    nft add table inet patchbay
    nft 'add chain inet patchbay firewall-forward { type filter hook forward priority filter; policy drop; }'`,
}
const open = {
  iptables: 'for tool in iptables ip6tables; do $tool -P FORWARD ACCEPT; done',
  nftables: 'nft delete table inet patchbay',
}

function network(type: string, keys: JsonObject = {}): JsonObject {
  return { cniVersion: '1.1.0', name: 'net1', type, ...keys }
}

const bothVersions: JsonObject = {
  type: 'host-local',
  ranges: [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1:2::/64' }]],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
}
const bridged = network('bridge', { bridge: 'cni0', isDefaultGateway: true, ipMasq: true, ipam: bothVersions })

async function reach(container: string, ...addresses: readonly string[]): Promise<void> {
  for (const address of addresses) await machine.inContainer(container, `busybox ping -c 1 -W 20 ${address}`)
}

async function isReached(container: string, address: string): Promise<boolean> {
  const { status } = await machine.run(`ip netns exec ${container} busybox ping -c 1 -W 1 ${address}`)
  return status === 0
}

/** The addresses of a container's interface as `ip` shows them, without those that the kernel makes. */
async function addressesOf(container: string): Promise<string[]> {
  const link = await machine.jsonOne(`ip -n ${container} -json address show dev eth0 scope global`)
  const addresses = link['addr_info'] as JsonObject[]
  // Of what a filter leaves out, ip prints empty objects.
  return addresses.flatMap(({ local, prefixlen }) => (local === undefined ? [] : [`${local}/${prefixlen}`]))
}

/** Names of links that are there. */
async function linkNames(container?: string): Promise<string[]> {
  const where = container === undefined ? '' : `-n ${container}`
  return (await machine.json(`ip ${where} -json link show`)).map(({ ifname }) => String(ifname)).sort()
}

function addressesIn(result: JsonObject): string[] {
  return (result['ips'] as JsonObject[]).map(({ address }) => String(address))
}

/** The addresses of a result without their prefixes. */
function hostsIn(result: JsonObject): string[] {
  return addressesIn(result).map((address) => address.replace(/\/.*/, ''))
}

test('the machine is what it is meant to be', async () => {
  assert.equal(await machine.shell('uname -m'), 'aarch64\n')
})

test('each plugin tells its versions', async () => {
  for (const plugin of plugins) {
    const { stdout } = await machine.run(`CNI_COMMAND=VERSION ${PLUGINS}/${plugin}`)
    assert.equal(JSON.parse(stdout).cniVersion, '1.1.0', plugin)
  }
})

test('loopback: ADD makes lo ready, CHECK finds it, DEL takes it down', async () => {
  const config = network('loopback')
  const state = async () => (await machine.jsonOne('ip -n c1 -json link show dev lo'))['flags'] as string[]
  const prevResult = await machine.succeed('ADD', config, { ifName: 'lo' })
  assert.ok((await state()).includes('UP'))
  await machine.succeed('CHECK', config, { ifName: 'lo', prevResult })
  await reach('c1', '127.0.0.1', '::1')
  await machine.succeed('DEL', config, { ifName: 'lo', prevResult })
  assert.equal((await state()).includes('UP'), false)
})

for (const backend of backends)
  test(`bridge with host-local, masquerading by ${backend}: packets flow after ADD, CHECK succeeds, DEL leaves nothing`, async () => {
    const config = { ...bridged, ipMasqBackend: backend }
    const [first, second] = [
      await machine.succeed('ADD', config),
      await machine.succeed('ADD', config, { container: 'c2' }),
    ]
    const attached = { c1: first, c2: second }
    for (const [container, result] of Object.entries(attached)) {
      assert.deepEqual(await addressesOf(container), addressesIn(result))
      await reach(container, '10.1.2.1', 'fd00:1:2::1', ...outside)
      await machine.succeed('CHECK', config, { container, prevResult: result })
    }
    await reach('c1', ...hostsIn(second))
    for (const [container, prevResult] of Object.entries(attached))
      await machine.succeed('DEL', config, { container, prevResult })
    assert.deepEqual([await linkNames(), await linkNames('c1')], [['cni0', ...ownLinks], ['lo']])
    assert.doesNotMatch(await machine.shell('nft list ruleset'), /10\.1\.2\.|fd00:1:2:/)
    assert.doesNotMatch(await machine.shell('ls /var/lib/cni/networks/net1'), /10\.1|fd00/)
    await machine.shell('ip link delete cni0')
  })

test('ptp with static: packets flow after ADD, CHECK succeeds, DEL leaves nothing', async () => {
  const addresses = [
    { address: '10.9.0.7/24', gateway: '10.9.0.1' },
    { address: 'fd09::7/64', gateway: 'fd09::1' },
  ]
  const config = network('ptp', { ipam: { type: 'static', addresses } })
  const prevResult = await machine.succeed('ADD', config)
  assert.deepEqual(await addressesOf('c1'), ['10.9.0.7/24', 'fd09::7/64'])
  await reach('c1', '10.9.0.1', 'fd09::1')
  await machine.succeed('CHECK', config, { prevResult })
  await machine.succeed('DEL', config, { prevResult })
  assert.deepEqual([await linkNames(), await linkNames('c1')], [ownLinks, ['lo']])
})

test('macvlan with host-local: packets flow after ADD, CHECK succeeds, DEL leaves nothing', async () => {
  const config = network('macvlan', { master: 'up0', ipam: bothVersions })
  const prevResult = await machine.succeed('ADD', config)
  const other = await machine.succeed('ADD', config, { container: 'c2' })
  const link = await machine.jsonOne('ip -n c1 -json -details link show dev eth0')
  assert.equal((link['linkinfo'] as JsonObject)['info_kind'], 'macvlan')
  await reach('c1', ...hostsIn(other))
  await machine.succeed('CHECK', config, { prevResult })
  for (const container of ['c1', 'c2']) await machine.succeed('DEL', config, { container })
  assert.deepEqual([await linkNames('c1'), await linkNames('c2')], [['lo'], ['lo']])
})

for (const backend of backends)
  test(`portmap by ${backend}: a published port leads to the container after ADD, CHECK succeeds, DEL closes it`, async () => {
    const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]
    const config = network('portmap', { backend, runtimeConfig: { portMappings } })
    const prevResult = await machine.succeed('ADD', bridged)
    await machine.inContainer('c1', 'mkdir -p /run/www; echo web >/run/www/index.html; busybox httpd -p 80 -h /run/www')
    await machine.succeed('ADD', config, { prevResult })
    for (const host of published) assert.match((await fetch(host)).stdout, /\nweb\n$/, host)
    await machine.succeed('CHECK', config, { prevResult })
    await machine.succeed('DEL', config, { prevResult })
    for (const host of published) assert.match((await fetch(host)).stderr, /Connection refused/, host)
    await machine.shell('ip netns pids c1 | xargs kill')
    await machine.succeed('DEL', bridged, { prevResult })
  })

for (const backend of backends)
  test(`firewall by ${backend}: a host that forwards nothing forwards for the container after ADD, and until DEL`, async () => {
    const config = network('firewall', { backend })
    const prevResult = await machine.succeed('ADD', bridged)
    await machine.shell(close[backend])
    for (const address of outside) assert.equal(await isReached('c1', address), false, address)
    await machine.succeed('ADD', config, { prevResult })
    await reach('c1', ...outside)
    await machine.succeed('CHECK', config, { prevResult })
    await machine.succeed('DEL', config, { prevResult })
    for (const address of outside) assert.equal(await isReached('c1', address), false, address)
    await machine.shell(open[backend])
    await machine.succeed('DEL', bridged, { prevResult })
  })

test('a configuration that is not JSON is refused with an error object', async () => {
  const call = `CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=${PLUGINS}`
  const { status, stdout } = await machine.run(`echo '{' | env ${call} ${PLUGINS}/bridge`)
  assert.deepEqual([status, JSON.parse(stdout).code], [1, 6])
})
