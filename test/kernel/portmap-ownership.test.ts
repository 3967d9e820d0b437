import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { inetProto, inetService, ipv4Addr, mark, Nftables, namedMap } from '@patchbay/linux/nftables'
import { portmap } from '@patchbay/plugins/portmap'
import type { TestNamespace } from './namespace-fixture.ts'
import { recordNetfilter } from './netfilter-record.ts'
import { callOptions } from './packet-lab.ts'
import { type PluginLab, withLab } from './plugin-lab.ts'
import { elements, mapping, mappings, port, publish, refusal, resultOf, ruleset } from './portmap-lab.ts'
import { type JsonObject, runIn } from './witness.ts'

const [first, second] = ['192.0.2.1', '192.0.2.3']

test('portmap: a port that another container has is refused by its name, and nothing is made', () =>
  withLab(async (lab) => {
    await publish(lab, 'container', [port(80), port(443, { hostIP: first }), port(53, { protocol: 'udp' })])
    const before = elements(lab.host)
    const has = (what: string) =>
      `unable to setup DNAT: Cannot publish ${what}: container "container" in network "net1" has it`
    for (const [taken, what] of [
      [port(80), 'tcp port 80'],
      [port(80, { hostIP: first }), 'tcp port 80'],
      [port(443), 'tcp port 443'],
      [port(443, { hostIP: first, protocol: 'TCP' }), 'tcp port 443'],
      [port(53, { protocol: 'udp', hostIP: '::' }), 'udp port 53'],
    ] as const)
      assert.equal(await refusal(lab, 'other', [port(9000), taken]), has(what))
    assert.deepEqual(elements(lab.host), before)
  }))

test('portmap: containers share a port at different addresses, and nobody has it at all of them meanwhile', () =>
  withLab(async (lab) => {
    const one = await publish(lab, 'container', [port(443, { hostIP: first })])
    const two = await publish(lab, 'other', [port(443, { hostIP: second }), port(443, { protocol: 'udp' })])
    assert.deepEqual(
      mappings(lab.host)
        .filter((line) => line.includes('tcp'))
        .sort(),
      [
        'portmap-addresses4 192.0.2.1 . tcp . 443 : 10.1.2.2 . 80',
        'portmap-addresses4 192.0.2.3 . tcp . 443 : 10.1.2.3 . 80',
      ],
    )
    const third: JsonObject = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.4/24' }] }
    const wildcard = { ...mapping(third, [port(443)]), name: 'net3' }
    const addThird = async () => (await lab.call(portmap, 'ADD', wildcard)).status
    assert.equal(await addThird(), 1)
    await lab.del(portmap, one, callOptions(lab, 'container'))
    assert.equal(await addThird(), 1)
    await lab.del(portmap, two, callOptions(lab, 'other'))
    assert.equal(await addThird(), 0)
    await lab.del(portmap, wildcard)
    assert.deepEqual(elements(lab.host), [])
  }))

test("portmap: a port with conditions is one container's alone", () =>
  withLab(async (lab) => {
    const conditionsV4 = ['ip', 'saddr', '10.0.0.0/8']
    await publish(lab, 'container', [port(443, { hostIP: first })])
    assert.match(await refusal(lab, 'other', [port(443, { hostIP: second })], { conditionsV4 }), /tcp port 443/)
    await publish(lab, 'other', [port(444, { hostIP: second })], { conditionsV4 })
    assert.match(await refusal(lab, 'container', [port(444, { hostIP: first })]), /tcp port 444/)
  }))

test('portmap: a container has a port at one address and, otherwise, at all of them', () =>
  withLab(async (lab) => {
    const config = await publish(lab, 'container', [
      port(443, { hostIP: first, containerPort: 1 }),
      port(443, { containerPort: 2 }),
      port(443, { containerPort: 3 }),
    ])
    assert.deepEqual(mappings(lab.host).sort(), [
      'portmap-addresses4 192.0.2.1 . tcp . 443 : 10.1.2.2 . 1',
      'portmap-ports4 tcp . 443 : 10.1.2.2 . 2',
      'portmap-ports6 tcp . 443 : fd00:1:2::2 . 2',
    ])
    await lab.del(portmap, config, callOptions(lab, 'container'))
    assert.deepEqual(elements(lab.host), [])
  }))

test('portmap: a container that asks for a port in two networks has it in the first, and is content', () =>
  withLab(async (lab) => {
    const containerId = '0123456789abcdef'.repeat(4)
    const called = { containerId, ifName: 'eth1' }
    const one = { ...mapping(resultOf('container'), [port(8080)]), name: 'a-network-with-a-long-name' }
    const two = { ...mapping(resultOf('other'), [port(8080, { hostIP: first }), port(8081)]), name: 'net2' }
    await lab.add(portmap, one, { containerId })
    const before = elements(lab.host)
    await lab.add(portmap, two, called)
    assert.deepEqual(
      mappings(lab.host)
        .filter((line) => line.includes('4 '))
        .sort(),
      ['portmap-ports4 tcp . 8080 : 10.1.2.2 . 80', 'portmap-ports4 tcp . 8081 : 10.1.2.3 . 80'],
    )
    assert.equal((await lab.call(portmap, 'CHECK', two, called)).status, 0)
    await lab.del(portmap, two, called)
    assert.deepEqual(elements(lab.host), before)
    await lab.add(portmap, two, called)
    await lab.del(portmap, one, { containerId })
    await lab.del(portmap, two, called)
    assert.deepEqual(elements(lab.host), [])
  }))

test('portmap: ADD again replaces what the attachment had, and only that', () =>
  withLab(async (lab) => {
    await publish(lab, 'other', [port(8000)])
    await publish(lab, 'container', [port(8080), port(8081, { hostIP: first })])
    await publish(lab, 'container', [port(8080, { containerPort: 81 })], { snat: false })
    const ports4 = mappings(lab.host)
      .filter((line) => line.startsWith('portmap-ports4'))
      .sort()
    assert.deepEqual(ports4, ['portmap-ports4 tcp . 8000 : 10.1.2.3 . 80', 'portmap-ports4 tcp . 8080 : 10.1.2.2 . 81'])
    assert.doesNotMatch(elements(lab.host).join('\n'), /addresses|8081|clients4 10\.1\.2\.2/)
  }))

test('portmap: after a flush, CHECK names what is missing and the next ADD makes all that it needs', () =>
  withLab(async (lab) => {
    const config = await publish(lab, 'container', [port(8080)])
    const before = ruleset(lab.host)
    const checked = async () =>
      (await lab.call(portmap, 'CHECK', config, callOptions(lab, 'container'))).document['msg']
    assert.equal(await checked(), undefined)
    runIn(lab.host, 'nft', 'delete', 'element', 'inet', 'patchbay', 'portmap-ports6', '{ tcp . 8080 }')
    assert.equal(
      await checked(),
      'could not check ipv6 dnat: element tcp . 8080 : fd00:1:2::2 . 80 not found in map inet patchbay portmap-ports6',
    )
    runIn(lab.host, 'nft', 'flush', 'ruleset')
    assert.match(
      String(await checked()),
      /tcp \. 8080 : 10\.1\.2\.2 \. 80 not found in map .* portmap-ports4, .* portmap-clients4, .* portmap-containers4$/,
    )
    await lab.del(portmap, config, callOptions(lab, 'container'))
    await publish(lab, 'container', [port(8080)])
    assert.equal(ruleset(lab.host), before)
    runIn(lab.host, 'nft', 'flush', 'table', 'inet', 'patchbay')
    assert.equal(await checked(), 'could not check ipv4 dnat: rules not found in chain inet patchbay portmap-guard')
  }))

test('portmap: DEL takes all of the attachment, whatever the runtime says of it, and nothing of its other network', () =>
  withLab(async (lab) => {
    const ports = [port(8080), port(8081), port(443, { hostIP: first })]
    const elsewhere = {
      ...mapping({ cniVersion: '1.1.0', ips: [{ address: '10.9.0.2/24' }] }, [port(9000)]),
      name: 'net2',
    }
    await lab.add(portmap, elsewhere, callOptions(lab, 'container'))
    const left = elements(lab.host)
    const told: JsonObject[] = [
      {},
      { prevResult: null },
      { runtimeConfig: null },
      { prevResult: null, runtimeConfig: null },
      { runtimeConfig: { portMappings: [port(8080)] } },
      { runtimeConfig: { portMappings: [port(8080, { containerPort: 81 })] } },
      { snat: false },
      { conditionsV4: ['and', 'now?'] },
    ]
    for (const keys of told) {
      const config = await publish(lab, 'container', ports)
      assert.equal(mappings(lab.host).length, 6)
      for (let times = 0; times < 2; times++)
        await lab.del(portmap, { ...config, ...keys }, callOptions(lab, 'container'))
      assert.deepEqual(elements(lab.host), left, JSON.stringify(keys))
    }
  }))

test('portmap: DEL leaves a port to the container that has it', () =>
  withLab(async (lab) => {
    await publish(lab, 'container', [port(8080)])
    const before = elements(lab.host)
    await refusal(lab, 'other', [port(8080)])
    for (const who of ['other', 'container'] as const)
      await lab.del(portmap, mapping(resultOf(who), [port(8080)]), callOptions(lab, 'other'))
    assert.deepEqual(elements(lab.host), before)
  }))

test('portmap: an address that another container has left belongs to the one that has it now', () =>
  withLab(async (lab) => {
    await publish(lab, 'container', [port(8080), port(8081)])
    await lab.add(portmap, mapping(resultOf('container'), [port(8080)]), callOptions(lab, 'other'))
    assert.deepEqual(mappings(lab.host).sort(), [
      'portmap-ports4 tcp . 8080 : 10.1.2.2 . 80',
      'portmap-ports6 tcp . 8080 : fd00:1:2::2 . 80',
    ])
    assert.match(ruleset(lab.host), /tcp \. 8080 comment ".*id: other"/)
  }))

test('portmap: GC takes what attachments have left that are gone, by container, interface and network', () =>
  withLab(async (lab) => {
    const conditionsV4 = ['ip', 'saddr', '10.0.0.0/8']
    const result = (address: string): JsonObject => ({ cniVersion: '1.1.0', ips: [{ address: `${address}/24` }] })
    const attachments: [address: string, containerId: string, ifName: string, name: string][] = [
      ['10.1.2.2', 'alive', 'eth0', 'net1'],
      ['10.1.2.3', 'alive', 'eth1', 'net1'],
      ['10.1.2.4', 'gone', 'eth0', 'net1'],
      ['10.1.2.5', 'gone', 'eth0', 'net2'],
    ]
    for (const [index, [address, containerId, ifName, name]] of attachments.entries()) {
      const ports = [port(8080 + index), port(443, { hostIP: `192.0.2.${index}`, protocol: 'udp' })]
      const keys = { name, ...(index === 2 && { conditionsV4, runtimeConfig: { portMappings: ports.slice(0, 1) } }) }
      await lab.add(portmap, { ...mapping(result(address), ports), ...keys }, { containerId, ifName })
    }
    const valid = [{ containerID: 'alive', ifname: 'eth0' }]
    const { status } = await lab.call(portmap, 'GC', { backend: 'nftables', 'cni.dev/valid-attachments': valid })
    assert.equal(status, 0)
    const left = elements(lab.host).join('\n')
    assert.match(left, /tcp \. 8080/)
    assert.match(left, /tcp \. 8083/)
    assert.match(left, /taken4 udp \. 443 : 2/)
    assert.doesNotMatch(left, /10\.1\.2\.[34]|808[12]/)
    assert.doesNotMatch(ruleset(lab.host), /chain portmap-conditions/)
  }))

test('portmap: beside ten thousand ports of others, ADD and DEL say to the kernel what they say beside one', () =>
  withLab(async (lab) => {
    await publish(lab, 'other', [port(80)])
    const beside1 = await lifetime(lab)
    const rules = ruleset(lab.host).match(/dnat|vmap|masquerade/g)
    await addPorts(lab.host)
    assert.deepEqual(await lifetime(lab), beside1)
    assert.deepEqual(ruleset(lab.host).match(/dnat|vmap|masquerade/g), rules)
    const { add, del } = beside1
    // Whether its networks had containers, and one transaction.
    assert.deepEqual(add.slice(0, -1).map(kind), ['GETCHAIN', 'GETCHAIN'])
    assert.deepEqual(
      add
        .at(-1)
        ?.match(/[A-Z]+/g)
        ?.filter((name) => name !== 'NEWSETELEM'),
      [],
    )
    assert.deepEqual(
      del.map((message) => message.replace(/^\{ (DELSETELEM \d+(, )?)+ \}$/, 'one transaction').replace(/ \d+$/, '')),
      [
        // Whether there is nf_tables, and whether iptables has chains of the container.
        ...['GETGEN', 'GETCHAIN', 'GETCHAIN'],
        // What the container has published, and whether others have its port at their addresses.
        ...['GETGEN', 'GETSETELEM', 'GETSETELEM', 'GETSETELEM', 'one transaction'],
        // Whether it was the last of its networks, and whether the reference has been here.
        ...['GETCHAIN', 'GETCHAIN', 'GETTABLE', 'GETTABLE'],
      ],
    )
  }))

test('portmap: a network that has been without containers is made again without a look at others', () =>
  withLab(async (lab) => {
    await publish(lab, 'other', [port(80)])
    const alone = mapping({ cniVersion: '1.1.0', ips: [{ address: '10.9.0.2/24' }] }, [port(81)])
    const add = await recordNetfilter(() => lab.add(portmap, alone))
    // Whether the chain of the network is there, whether any is, and one transaction.
    assert.deepEqual(add.slice(0, -1).map(kind), ['GETCHAIN', 'GETCHAIN'])
    assert.match(add.at(-1) ?? '', /NEWCHAIN.*NEWRULE.*NEWSETELEM/)
    const clients = runIn(lab.host, 'nft', 'list', 'chain', 'inet', 'patchbay', 'portmap-clients-10.9.0.0/24')
    assert.match(clients, /ip saddr 10\.9\.0\.0\/24 masquerade\s+ip saddr 127\.0\.0\.0\/8 masquerade/)
  }))

/** What a message asks for. */
function kind(message: string): string | undefined {
  return /[A-Z]+/.exec(message)?.[0]
}

async function lifetime(lab: PluginLab): Promise<Record<'add' | 'del', string[]>> {
  const ports = [port(8080), port(8081, { protocol: 'udp' }), port(443, { hostIP: first })]
  const config = mapping(resultOf('container'), ports)
  const add = await recordNetfilter(() => lab.add(portmap, config, callOptions(lab, 'container')))
  const del = await recordNetfilter(() => lab.del(portmap, config, callOptions(lab, 'container')))
  return { add, del }
}

/** As if 5,000 containers had published two ports each. */
async function addPorts({ netns }: TestNamespace): Promise<void> {
  using nft = Nftables.open({ netns })
  const table = { family: 'inet', name: 'patchbay' } as const
  const named = (name: string) => ({ table, name: `portmap-${name}4` })
  const ports = namedMap({ ...named('ports'), key: [inetProto, inetService], data: [ipv4Addr, inetService] })
  const containers = namedMap({ ...named('containers'), key: ipv4Addr, data: mark })
  const address = (index: number) => parseIP(`10.2.${index >> 8}.${index & 0xff}`)
  await nft.transaction((batch) => {
    for (let index = 0; index < 10_000; index++)
      batch.addElements(ports, [{ key: ['tcp', 10_000 + index], data: [address(index >> 1), 80] }])
    for (let index = 0; index < 5000; index++) batch.addElements(containers, [{ key: address(index), data: index }])
  })
}
