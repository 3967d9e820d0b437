import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portmap } from '@patchbay/plugins/portmap'
import { callOptions } from '../lab/packet-lab.ts'
import { withLab } from '../lab/plugin-lab.ts'
import { elements, mapping, mappings, port, publish, refusal, resultOf, ruleset } from '../lab/portmap-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

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
    assert.doesNotMatch(elements(lab.host).join('\n'), /addresses|8081|(neighbours4-24|loopback4) 10\.1\.2\.2/)
  }))

for (const backend of ['nftables', 'iptables'])
  test(`portmap by ${backend}: ADD again with other addresses and other ports leaves nothing of the earlier ones`, () =>
    withLab(async (lab) => {
      const result = (...all: string[]): JsonObject => ({
        cniVersion: '1.1.0',
        ips: all.map((address) => ({ address })),
      })
      const listed = () =>
        ['nft list ruleset', 'iptables-save -t nat', 'ip6tables-save -t nat']
          .map((words) => runIn(lab.host, 'sh', '-c', words))
          .join('')
      await publish(lab, 'other', [port(8000)], { backend })
      const told = [
        [result('10.1.2.2/24', 'fd00:1:2::2/64'), port(8080)],
        [result('10.1.2.4/23'), port(8081)],
        [result('fd00:1:2::5/64'), port(8082, { hostIP: '2001:db8::1' })],
        [result('10.1.2.6/24'), port(8083)],
      ] as const
      for (const [prevResult, each] of told) await lab.add(portmap, mapping(prevResult, [each], { backend }))
      assert.doesNotMatch(listed(), /808[012]|10\.1\.2\.[245]\b|fd00:1:2::[245]\b/)
      assert.match(listed(), /8083/)
      await lab.del(portmap, mapping(told[0][0], [port(8080)], { backend }))
      assert.doesNotMatch(listed(), /808[0-3]|10\.1\.2\.6/)
      assert.match(listed(), /8000/)
    }))

test('portmap by iptables: DEL takes the rules of an IP version away of which the runtime tells no address', () =>
  withLab(async (lab) => {
    for (const address of ['10.1.2.2/24', 'fd00:1:2::2/64', '10.1.2.99/24']) {
      const config = await publish(lab, 'container', [port(8080)], { backend: 'iptables' })
      const prevResult = { cniVersion: '1.1.0', ips: [{ address }] }
      await lab.del(portmap, { ...config, prevResult }, callOptions(lab, 'container'))
      for (const tool of ['iptables-save', 'ip6tables-save'])
        assert.doesNotMatch(runIn(lab.host, tool, '-t', 'nat'), /8080|CNI-DN-/)
    }
  }))

test('portmap: DEL takes what a version has published that made no records', () =>
  withLab(async (lab) => {
    for (const keys of [{}, { prevResult: null }, { prevResult: resultOf('other') }]) {
      const config = await publish(lab, 'container', [port(8080)])
      runIn(lab.host, 'nft', 'flush', 'set', 'inet', 'patchbay', 'portmap-records')
      await lab.del(portmap, { ...config, ...keys }, callOptions(lab, 'container'))
      // Nobody tells where that is.
      if ('prevResult' in keys && keys.prevResult) await lab.del(portmap, {}, callOptions(lab, 'container'))
      assert.deepEqual(elements(lab.host), [])
    }
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
      new RegExp(
        [
          'element tcp \\. 8080 : 10\\.1\\.2\\.2 \\. 80 not found in map inet patchbay portmap-ports4',
          'element 10\\.1\\.2\\.2 \\. 10\\.1\\.2\\.0 not found in set inet patchbay portmap-neighbours4-24',
          'element 10\\.1\\.2\\.2 not found in set inet patchbay portmap-loopback4',
          'element .* not found in map inet patchbay portmap-containers4$',
        ].join(', '),
      ),
    )
    await lab.del(portmap, config, callOptions(lab, 'container'))
    await publish(lab, 'container', [port(8080)])
    assert.equal(ruleset(lab.host), before)
    runIn(lab.host, 'nft', 'flush', 'chain', 'inet', 'patchbay', 'portmap-neighbours6-64')
    assert.equal(
      await checked(),
      'could not check ipv6 dnat: rules not found in chain inet patchbay portmap-neighbours6-64',
    )
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
      ...['10.1.2.99/24', '10.1.2.2/24', 'fd00:1:2::2/64', '10.1.2.2/16'].map((address) => ({
        prevResult: { cniVersion: '1.1.0', ips: [{ address }] },
      })),
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
