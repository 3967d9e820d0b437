import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { ipv4Addr, Nftables, namedSet } from '@patchbay/linux/nftables'
import { bridge } from '@patchbay/plugins/bridge'
import { ptp } from '@patchbay/plugins/ptp'
import { executables } from '../lab/daemon-lab.ts'
import { eventually, openDescriptors, type TestNamespace } from '../lab/namespace-fixture.ts'
import { recordNetfilter } from '../lab/netfilter-record.ts'
import { addresses, attach, bridgeConfig, callOptions, versions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { ip, type JsonObject, runIn } from '../lab/witness.ts'
import { World } from '../lab/world.ts'

const masquerade: JsonObject = { ipMasq: true, ipMasqBackend: 'nftables' }
const config = { ...bridgeConfig, ...masquerade }
const outward = { protocol: 'tcp', address: addresses[4].outside, port: 80 } as const

function ruleset(host: TestNamespace): string {
  return runIn(host, 'nft', 'list', 'ruleset')
}

/** The ruleset of a host without containers, once it has had some with both IP versions. */
const empty = `table inet patchbay {
	comment "Made by Patchbay: rules are few, containers are elements"
	set masquerade-records {
		type mark . mark . mark . mark . mark
		comment "what each attachment has, by the hashes in its mark"
	}

	set masquerade4-24 {
		type ipv4_addr
	}

	set subnets4-24 {
		type ipv4_addr . ipv4_addr
	}

	set masquerade6-64 {
		type ipv6_addr
	}

	set subnets6-64 {
		type ipv6_addr . ipv6_addr
	}

	chain masquerade4-24 {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr @masquerade4-24 ip daddr != 224.0.0.0/4 ip saddr . ip daddr & 255.255.255.0 != @subnets4-24 masquerade
	}

	chain masquerade6-64 {
		type nat hook postrouting priority srcnat; policy accept;
		ip6 saddr @masquerade6-64 ip6 daddr != ff00::/8 ip6 saddr . ip6 daddr & ffff:ffff:ffff:ffff:: != @subnets6-64 masquerade
	}
}
`

test('masquerade: containers are marked elements, gone with the last of them, and nft reads what it lists', () =>
  withPacketLab(async ({ lab }) => {
    const prevResult = await attach(lab, 'container', masquerade)
    await attach(lab, 'other', masquerade)
    const listed = ruleset(lab.host)
    const comment = '8e48f37d5de60467-0ab5244c1ca55437-55621a5eab331202, net: net1, if: eth0, id: container'
    for (const key of ['10.1.2.2', '10.1.2.2 . 10.1.2.0', 'fd00:1:2::2', 'fd00:1:2::2 . fd00:1:2::'])
      assert.ok(listed.includes(`elements = { ${key} comment "${comment}"`), key)
    runIn(lab.host, 'sh', '-c', 'nft list ruleset >/run/nft-$$; nft flush ruleset; nft -f /run/nft-$$; rm /run/nft-$$')
    assert.equal(ruleset(lab.host), listed)
    await lab.del(bridge, { ...config, prevResult }, callOptions(lab, 'container'))
    assert.match(ruleset(lab.host), /elements = \{ 10\.1\.2\.3 comment/)
    // Without a result and without the namespace, the mark is all there is to go by.
    await lab.del(bridge, config, { ...callOptions(lab, 'other'), netns: '' })
    assert.equal(ruleset(lab.host), empty)
  }))

test('masquerade: nftables where nothing else is asked for', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'container', { ipMasq: true })
    assert.match(ruleset(lab.host), /elements = \{ 10\.1\.2\.2 comment/)
    assert.doesNotMatch(ruleset(lab.host), /table ip nat/)
  }))

test('masquerade: multicast keeps its source', () =>
  withPacketLab(async ({ lab, outside }) => {
    await attach(lab, 'container', masquerade)
    // What the host sends from the address of a container takes the way of what the container sends.
    ip(lab.host, 'address', 'add', `${addresses[4].container}/32`, 'dev', 'lo')
    const { container, host, outside: receiver } = addresses[4]
    const listening = spawn('nsenter', [
      `--net=${outside.path}`,
      '--',
      process.execPath,
      '-e',
      multicastReceiver,
      receiver,
    ])
    const output = createInterface({ input: listening.stdout })[Symbol.asyncIterator]()
    assert.equal((await output.next()).value, 'ready')
    runIn(lab.host, process.execPath, '-e', multicastSender, container, host)
    assert.equal((await output.next()).value, container)
  }))

const multicastReceiver = `
  const socket = require('node:dgram').createSocket('udp4')
  socket.on('message', (_, from) => { console.log(from.address); process.exit() })
  socket.bind(5000, () => { socket.addMembership('239.1.2.3', process.argv[1]); console.log('ready') })
  setTimeout(() => process.exit(), 5000)
`

const multicastSender = `
  const [from, by] = process.argv.slice(1)
  const socket = require('node:dgram').createSocket('udp4')
  socket.bind(0, from, () => {
    socket.setMulticastInterface(by)
    socket.send('?', 5000, '239.1.2.3', () => socket.close())
  })
`

test('masquerade: what a container has in one network stays when it leaves another', () =>
  withPacketLab(async ({ lab, outside }) => {
    using _ = await Server.start(outside, { name: 'outside', port: 80 })
    const network = (name: string, address: string): JsonObject => ({
      ...masquerade,
      name,
      ipam: { type: 'static', addresses: [{ address, gateway: '10.7.0.1' }], routes: [{ dst: '0.0.0.0/0' }] },
    })
    const [first, second] = [network('net1', '10.7.0.2/24'), network('net2', '10.7.0.3/24')]
    await lab.add(ptp, first)
    await lab.add(ptp, second, { container: lab.other, containerId: 'c1' })
    await lab.del(ptp, { ...first })
    assert.equal(ask(lab.other, outward), `outside saw ${addresses[4].host}`)
    await lab.del(ptp, { ...second })
    assert.doesNotMatch(ruleset(lab.host), /elements = /)
  }))

test('masquerade: after a flush, CHECK names what is missing and the next ADD makes all that it needs', () =>
  withPacketLab(async ({ lab, outside }) => {
    using _ = await Server.start(outside, { name: 'outside', port: 80 })
    const prevResult = await attach(lab, 'container', masquerade)
    runIn(lab.host, 'nft', 'flush', 'ruleset')
    const { document } = await lab.call(bridge, 'CHECK', { ...config, prevResult }, callOptions(lab, 'container'))
    const missing = 'element 10.1.2.2 not found in set inet patchbay masquerade4-24'
    assert.equal(document['msg'], missing)
    await attach(lab, 'other', masquerade)
    for (const version of versions) {
      const { outside: address, host } = addresses[version]
      assert.equal(ask(lab.other, { ...outward, address }), `outside saw ${host}`)
    }
    await lab.del(bridge, { ...config, prevResult }, callOptions(lab, 'container'))
  }))

test('masquerade: an address that another container has left belongs to the one that has it now', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'container', masquerade)
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: `${addresses[4].container}/24`, gateway: '10.1.2.1' }] }
    const elsewhere = { ...config, name: 'net2', bridge: 'cni1', isDefaultGateway: false }
    const prevResult = await lab.add(bridge, elsewhere, callOptions(lab, 'other'))
    assert.match(ruleset(lab.host), /elements = \{ 10\.1\.2\.2 comment ".*net: net2/)
    await lab.del(bridge, config, callOptions(lab, 'container'))
    assert.match(ruleset(lab.host), /10\.1\.2\.2 comment ".*net: net2/)
    await lab.del(bridge, { ...elsewhere, prevResult }, callOptions(lab, 'other'))
    assert.doesNotMatch(ruleset(lab.host), /10\.1\.2\.2/)
  }))

test('masquerade: GC removes the elements of attachments that are gone, by container and interface', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'container', masquerade)
    await attach(lab, 'other', masquerade)
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: '10.9.0.2/24' }] }
    const elsewhere = { ...config, name: 'net2', bridge: 'cni1', isDefaultGateway: false }
    await lab.add(bridge, elsewhere, { ...callOptions(lab, 'other'), ifName: 'eth1' })
    const valid = [
      { containerID: 'container', ifname: 'eth0' },
      { containerID: 'other', ifname: 'eth7' },
    ]
    await lab.call(bridge, 'GC', { ...config, 'cni.dev/valid-attachments': valid })
    const left = ruleset(lab.host)
    assert.match(left, /10\.1\.2\.2 comment/)
    assert.match(left, /fd00:1:2::2 comment/)
    assert.doesNotMatch(left, /(10\.1\.2\.3|fd00:1:2::3) comment/)
    assert.match(left, /10\.9\.0\.2 comment/)
  }))

test('masquerade: many at once, on a host that has no rules yet, each get theirs and each lose theirs', async () => {
  const numbers = Array.from({ length: 8 }, (_, index) => index + 2)
  using world = await World.open({ containers: numbers.map((number) => `c${number}`), containerDad: false })
  const all = (command: string) =>
    world.shell(`
      for n in ${numbers.join(' ')}; do (
        export CNI_COMMAND=${command} CNI_CONTAINERID=c$n CNI_NETNS=/run/netns/c$n CNI_IFNAME=eth0 CNI_PATH=${executables}
        echo '{"cniVersion":"1.0.0","name":"net1","type":"bridge","ipMasq":true,"ipam":{"type":"static","addresses":[
          {"address":"10.1.2.'$n'/24"},{"address":"fd00:1:2::'$n'/64"}]}}' | ${executables}/bridge || echo failed
      ) >/run/out$n & done
      wait
      grep -l '"code"|failed' /run/out* || true`)
  for (let round = 1; round <= 3; round++) {
    assert.equal(all('ADD'), '')
    const listed = world.shell('nft list ruleset')
    assert.equal(listed.match(/net: net1, if: eth0/g)?.length, 4 * numbers.length)
    assert.equal(listed.match(/masquerade$/gm)?.length, 2)
    assert.equal(all('DEL'), '')
    assert.equal(world.shell('nft list ruleset'), empty)
    world.shell('nft flush ruleset')
  }
})

test('masquerade: ADD again and DEL leave nothing, whatever addresses the runtime tells', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'other', masquerade)
    const before = ruleset(lab.host)
    for (const told of [['10.1.2.2/24'], ['fd00:1:2::2/64'], ['10.1.2.99/24'], []]) {
      await attach(lab, 'container', masquerade)
      const prevResult = { cniVersion: '1.1.0', ips: told.map((address) => ({ address })) }
      await lab.del(bridge, { ...config, prevResult }, callOptions(lab, 'container'))
      assert.equal(ruleset(lab.host), before, String(told))
    }
    await attach(lab, 'container', masquerade)
    ip(lab.container, 'link', 'delete', 'eth0')
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.7/24', gateway: '10.1.2.1' }] }
    await lab.add(bridge, config, callOptions(lab, 'container'))
    assert.match(ruleset(lab.host), /10\.1\.2\.7 comment/)
    assert.doesNotMatch(ruleset(lab.host), /10\.1\.2\.2\b|fd00:1:2::2\b/)
    await lab.del(bridge, config, callOptions(lab, 'container'))
    assert.equal(ruleset(lab.host), before)
  }))

test('masquerade: the socket to the packet filter is kept for the next call, and then given back', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'other')
    const before = openDescriptors()
    const prevResult = await attach(lab, 'container', masquerade)
    assert.equal(openDescriptors(), before + 1)
    await lab.call(bridge, 'CHECK', { ...config, prevResult }, callOptions(lab, 'container'))
    assert.equal(openDescriptors(), before + 1)
    await eventually(() => openDescriptors() === before, 'the end of the socket')
  }))

test('masquerade: beside two thousand others, ADD and DEL say to the kernel what they say beside one', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'other', masquerade)
    const lifetime = async () => {
      let prevResult: JsonObject = {}
      const add = await recordNetfilter(async () => {
        prevResult = await attach(lab, 'container', masquerade)
      })
      const del = await recordNetfilter(() => lab.del(bridge, { ...config, prevResult }, callOptions(lab, 'container')))
      return { add, del }
    }
    // Somebody else's change, as the two thousand are: what others do not have is not remembered after it.
    runIn(lab.host, 'nft', 'add table ip other; delete table ip other')
    const beside1 = await lifetime()
    await addElements(lab.host, 2000)
    const beside2000 = await lifetime()
    assert.deepEqual(beside2000, beside1)
    assert.deepEqual(beside1.add, [
      '{ NEWSETELEM 172, NEWSETELEM 172, NEWSETELEM 184, NEWSETELEM 196, NEWSETELEM 132 }',
    ])
    assert.deepEqual(beside1.del, [
      // Whether there is nf_tables, and whether iptables has chains of the container.
      ...['GETGEN 20', 'GETCHAIN 64', 'GETCHAIN 64'],
      // What the attachment has, and whether that is still its own.
      ...['GETSETELEM 96', 'GETSETELEM 76', 'GETSETELEM 88'],
      '{ DELSETELEM 76, DELSETELEM 76, DELSETELEM 88, DELSETELEM 100, DELSETELEM 96 }',
      // What the reference may have left.
      'GETCHAIN 64',
    ])
  }))

async function addElements({ netns }: TestNamespace, count: number): Promise<void> {
  using nft = Nftables.open({ netns })
  const table = { family: 'inet', name: 'patchbay' } as const
  const set = namedSet({ table, name: 'masquerade4-24', key: ipv4Addr })
  const subnets = namedSet({ table, name: 'subnets4-24', key: [ipv4Addr, ipv4Addr] })
  const all = Array.from({ length: count }, (_, index) => ({
    key: parseIP(`10.200.${index >> 8}.${index & 255}`),
    comment: `${'0'.repeat(16)}-${index.toString(16).padStart(16, '0')}, net: net1, if: eth0, id: c${index}`,
  }))
  await nft.transaction((batch) => {
    batch.addElements(set, all)
    batch.addElements(
      subnets,
      all.map(({ key, comment }) => ({ key: [key, key] as const, comment })),
    )
  })
}
