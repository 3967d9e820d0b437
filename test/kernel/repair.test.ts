import assert from 'node:assert/strict'
import { test } from 'node:test'
import { executables } from '../lab/daemon-lab.ts'
import type { JsonObject } from '../lab/witness.ts'
import { World } from '../lab/world.ts'

const masquerade: JsonObject = { ipMasq: true, ipMasqBackend: 'nftables' }
const bridge: JsonObject = {
  type: 'bridge',
  isGateway: true,
  macspoofchk: true,
  ...masquerade,
  ipam: { type: 'host-local', ranges: [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1:2::/64' }]] },
}
const portmap: JsonObject = { type: 'portmap', capabilities: { portMappings: true } }
const firewall: JsonObject = { type: 'firewall' }
const ptp: JsonObject = { type: 'ptp', ...masquerade, ipam: { type: 'host-local', subnet: '10.3.0.0/24' } }
const mappings = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }

/** A machine whose containers are attached by cnitool, which remembers them as runtimes do. */
class RepairLab implements Disposable {
  readonly #world: World

  private constructor(world: World) {
    this.#world = world
  }

  static async open(containers: readonly string[], networks: Record<string, JsonObject[]>): Promise<RepairLab> {
    const lab = new RepairLab(await World.open({ containers, containerDad: false }))
    lab.shell('mkdir /run/networks')
    for (const [name, plugins] of Object.entries(networks)) {
      const list = JSON.stringify({ cniVersion: '1.0.0', name, plugins })
      lab.shell(`cat >/run/networks/${name}.conflist <<'END'\n${list}\nEND`)
    }
    return lab
  }

  shell(script: string): string {
    return this.#world.shell(script)
  }

  attach(network: string, container: string, capabilities: JsonObject = {}): void {
    const variables = `NETCONFPATH=/run/networks CAP_ARGS='${JSON.stringify(capabilities)}'`
    this.shell(`${variables} ${executables}/cnitool add ${network} /run/netns/${container}`)
  }

  ruleset(): string {
    return this.shell('nft list ruleset')
  }

  repair(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return this.#world.run([`${executables}/patchbay`, 'repair', ...args])
  }

  [Symbol.dispose](): void {
    this.#world[Symbol.dispose]()
  }
}

test('patchbay repair puts back what a flush has taken, and nothing else', async () => {
  using lab = await RepairLab.open(['c1', 'c2', 'c3'], { net1: [bridge, portmap, firewall], net2: [ptp] })
  lab.attach('net1', 'c1', mappings)
  lab.attach('net1', 'c2')
  lab.attach('net2', 'c3')
  const before = lab.ruleset()
  for (const needed of ['10.1.2.3 . 10.1.2.0', '10.3.0.2 . 10.3.0.0', '8080', 'ether saddr', 'fd00:1:2::2'])
    assert.ok(before.includes(needed), `${needed} in ${before}`)
  for (const script of ['nft flush ruleset', 'true']) {
    lab.shell(script)
    const { status, stdout, stderr } = lab.repair()
    assert.deepEqual([status, stderr], [0, ''])
    assert.equal(lab.ruleset(), before)
    assert.match(stdout, /^net1 cnitool-\w+ eth0: restored masquerade, macspoofchk, portmap, firewall\n/)
    assert.match(stdout, /^net2 cnitool-\w+ eth0: restored masquerade\n/m)
  }
})

test('patchbay repair leaves out an attachment whose namespace is gone, and other networks', async () => {
  using lab = await RepairLab.open(['c1', 'c2', 'c3'], { net1: [bridge], net2: [ptp] })
  for (const container of ['c1', 'c2']) lab.attach('net1', container)
  lab.attach('net2', 'c3')
  lab.shell('ip netns delete c2; nft flush ruleset')
  const { status, stdout } = lab.repair('net1', '--json')
  assert.equal(status, 0)
  const rows: Record<string, string>[] = JSON.parse(stdout)
  const states = rows.map(({ network, netns, state, restored }) => ({ network, netns, state, restored }))
  assert.deepEqual(
    states.sort((a, b) => String(a.netns).localeCompare(String(b.netns))),
    [
      { network: 'net1', netns: '/run/netns/c1', state: 'restored', restored: ['masquerade', 'macspoofchk'] },
      { network: 'net1', netns: '/run/netns/c2', state: 'gone', restored: [] },
    ],
  )
  const elements = lab.ruleset().match(/10[.\d]+ \. 10[.\d]+ comment/g)
  assert.deepEqual(elements, ['10.1.2.2 . 10.1.2.0 comment'])
})

test('patchbay repair names what could not be put back, and goes on', async () => {
  using lab = await RepairLab.open(['c1', 'c2'], { net1: [bridge, firewall] })
  for (const container of ['c1', 'c2']) lab.attach('net1', container)
  lab.shell('ip netns exec c1 ip link delete eth0; nft flush ruleset')
  const { status, stdout, stderr } = lab.repair()
  assert.equal(status, 1)
  assert.match(stdout, /^net1 cnitool-\w+ eth0: restored firewall; failed: bridge: Cannot find container link eth0$/m)
  assert.match(stdout, /^net1 cnitool-\w+ eth0: restored masquerade, macspoofchk, firewall$/m)
  assert.match(stderr, /^Error: Cannot repair net1 cnitool-\w+ eth0\n$/)
})

test('patchbay repair puts back the rules of iptables, each once', async () => {
  const { macspoofchk: _, ...plain } = bridge
  using lab = await RepairLab.open(['c1'], { net1: [{ ...plain, ipMasqBackend: 'iptables' }] })
  lab.attach('net1', 'c1')
  const rules = () => lab.shell('iptables-save -t nat | grep ^-A; ip6tables-save -t nat | grep ^-A')
  const before = rules()
  assert.match(before, /MASQUERADE/)
  for (const script of ['nft flush ruleset', 'true']) {
    lab.shell(script)
    assert.equal(lab.repair().status, 0)
    assert.equal(rules(), before)
  }
})

test('patchbay repair has nothing to do where no attachment has rules', async () => {
  using lab = await RepairLab.open(['c1'], {
    net1: [{ type: 'ptp', ipam: { type: 'host-local', subnet: '10.3.0.0/24' } }],
  })
  assert.deepEqual(lab.repair('--json').stdout, '[]\n')
  lab.attach('net1', 'c1')
  const { status, stdout } = lab.repair()
  assert.deepEqual([status, stdout], [0, ''])
})

/** Changes what is remembered of all attachments, in the way of libcni before 1.2, which does not cache the namespace. */
const forgetNamespaces = `
  for file in /var/lib/cni/results/*; do
    sed -i 's/"netns":"[^"]*",//' "$file"
    if grep -q '"netns"' "$file"; then exit 1; fi
  done`

test('patchbay repair finds the namespace in the result, where the cache does not name it', async () => {
  using lab = await RepairLab.open(['c1', 'c2'], { net1: [bridge, portmap, firewall] })
  lab.attach('net1', 'c1', mappings)
  lab.attach('net1', 'c2')
  const before = lab.ruleset()
  lab.shell(`${forgetNamespaces}; nft flush ruleset`)
  const { status, stdout, stderr } = lab.repair('net1')
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^net1 cnitool-\w+ eth0: restored masquerade, macspoofchk, portmap, firewall\n/)
  assert.equal(lab.ruleset(), before)
  lab.shell('ip netns delete c2')
  assert.match(lab.repair().stdout, /: nothing to restore, the namespace "\/run\/netns\/c2" is gone$/m)
})

test('patchbay repair fails for a namespace that nobody names, unless the network has no rules', async () => {
  using lab = await RepairLab.open(['c1', 'c2'], {
    net1: [ptp],
    net2: [{ type: 'ptp', ipam: { type: 'host-local', subnet: '10.4.0.0/24' } }],
    net3: [{ type: 'macvlan' }],
  })
  lab.attach('net1', 'c1')
  lab.shell(`${forgetNamespaces}
    sed -i 's/"sandbox"/"unknown"/' /var/lib/cni/results/*
    sed 's/net1/net3/; s/"config":"[^"]*"/"config":"'$(base64 -w0 /run/networks/net3.conflist)'"/' /var/lib/cni/results/net1-* >/var/lib/cni/results/net3-c-eth0`)
  const { status, stdout, stderr } = lab.repair()
  assert.equal(status, 1)
  const why = 'Cannot find its namespace: neither the cache nor the result names it'
  assert.match(stdout, new RegExp(`^net1 cnitool-\\w+ eth0: failed: ${why}\n$`))
  assert.match(stderr, /^Error: Cannot repair net1 cnitool-\w+ eth0\n$/)
})

test('patchbay repair fails for a network and a directory that are not there, and names what there is', async () => {
  using lab = await RepairLab.open(['c1'], { net1: [ptp] })
  const nothing = lab.repair()
  assert.deepEqual([nothing.status, nothing.stdout, nothing.stderr], [0, '', ''])
  const unknown = 'Error: Cannot repair network "nonet": no attachment to it is in "/var/lib/cni/results"'
  assert.equal(lab.repair('nonet').stderr, `${unknown}\n`)
  lab.attach('net1', 'c1')
  const { status, stderr } = lab.repair('nonet')
  assert.deepEqual([status, stderr], [1, `${unknown}, only to "net1"\n`])
  const missing = lab.repair('--cache-dir', '/nonexistent')
  assert.deepEqual([missing.status, missing.stderr], [1, 'Error: Cannot repair: no directory "/nonexistent"\n'])
  const subfolder = lab.repair('--cache-dir', '/var/lib/cni/results')
  const expected = '--cache-dir is the directory that has the folder "results", by default "/var/lib/cni"'
  const message = `Cannot repair: no attachments are remembered in "/var/lib/cni/results"; ${expected}`
  assert.deepEqual([subfolder.status, subfolder.stdout, subfolder.stderr], [1, '', `Error: ${message}\n`])
  assert.equal(lab.repair('--cache-dir', '/var/lib/cni/').status, 0)
})
