import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { inetProto, inetService, ipv4Addr, mark, Nftables, namedMap } from '@patchbay/linux/nftables'
import { portmap } from '@patchbay/plugins/portmap'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { recordNetfilter } from '../lab/netfilter-record.ts'
import { callOptions } from '../lab/packet-lab.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { elements, mapping, port, publish, resultOf, ruleset } from '../lab/portmap-lab.ts'
import type { JsonObject } from '../lab/witness.ts'

test('portmap: beside ten thousand ports of others, ADD and DEL say to the kernel what they say beside one', () =>
  withLab(async (lab) => {
    await publish(lab, 'other', [port(80)])
    const beside1 = await lifetime(lab)
    const rules = ruleset(lab.host).match(/dnat|vmap|masquerade/g)
    await addPorts(lab.host)
    assert.deepEqual(await lifetime(lab), beside1)
    assert.deepEqual(ruleset(lab.host).match(/dnat|vmap|masquerade/g), rules)
    const { add, del } = beside1
    assert.deepEqual(add.map(inShort), ['{ NEWSETELEM }'])
    assert.deepEqual(del.map(inShort), [
      // Whether there is nf_tables, and whether iptables has chains of the container.
      ...['GETGEN', 'GETCHAIN', 'GETCHAIN'],
      // What the container has published, and whether others have its port at their addresses.
      ...['GETGEN', 'GETSETELEM', 'GETSETELEM', '{ DELSETELEM }'],
      // Whether the reference has been here.
      ...['GETTABLE', 'GETTABLE'],
    ])
  }))

test('portmap: a network of a size that is new on the host is made without a look at others, and then once for all', () =>
  withLab(async (lab) => {
    await publish(lab, 'other', [port(80)])
    const added = async (address: string, hostPort: number) => {
      const config = mapping({ cniVersion: '1.1.0', ips: [{ address }] }, [port(hostPort)])
      return recordNetfilter(() => lab.add(portmap, config, { containerId: `port${hostPort}` }))
    }
    const [refused, declared, ...rest] = await added('10.9.0.2/20', 81)
    assert.equal(inShort(refused ?? ''), '{ NEWSETELEM }')
    assert.match(declared ?? '', /NEWCHAIN.*NEWRULE.*NEWSETELEM/)
    assert.deepEqual(rest, [])
    assert.deepEqual((await added('10.9.64.2/20', 82)).map(inShort), ['{ NEWSETELEM }'])
  }))

test('portmap: where no backend is named, one question tells that there is nf_tables and what to declare', () =>
  withLab(async (lab) => {
    const added = async (address: string, keys: JsonObject = {}) => {
      const config = mapping({ cniVersion: '1.1.0', ips: [{ address }] }, [port(Number(address.split('.')[1]))], keys)
      const add = await recordNetfilter(() =>
        lab.add(portmap, { ...config, backend: null }, { containerId: address.slice(0, 8) }),
      )
      return add.map((message) => (message.includes('NEWRULE') ? 'all' : inShort(message)))
    }
    assert.deepEqual(await added('10.1.2.2/24'), ['GETCHAIN', 'all'])
    assert.deepEqual(await added('10.2.2.2/23'), ['GETCHAIN', 'all'])
    assert.deepEqual(await added('10.3.2.2/24'), ['GETCHAIN', '{ NEWSETELEM }'])
    assert.deepEqual(await added('10.4.2.2/22', { masqAll: true }), ['GETCHAIN', '{ NEWSETELEM }'])
  }))

test('portmap: DEL of what is not there, or with another result, does not look at what others have', () =>
  withLab(async (lab) => {
    const ports = [port(8080), port(443, { hostIP: '192.0.2.1' })]
    const config = await publish(lab, 'container', ports)
    const gone = (keys: JsonObject, containerId: string) =>
      recordNetfilter(() => lab.del(portmap, { ...config, ...keys }, { ...callOptions(lab, 'container'), containerId }))
    const about = { runtimeConfig: { portMappings: [] } }
    const messages = [
      ...(await gone(about, 'unknown')),
      ...(await gone({ prevResult: { cniVersion: '1.1.0', ips: [{ address: '10.9.9.9/24' }] } }, 'unknown')),
      ...(await gone({ prevResult: null }, 'container')),
    ]
    assert.doesNotMatch(messages.join('\n'), /dump/)
    assert.deepEqual(elements(lab.host), [])
  }))

/** The kind of a message; of a transaction that is elements alone, what it does with them. */
function inShort(message: string): string {
  return message.replace(/^\{ ((?:NEW|DEL)SETELEM) \d+(, \1 \d+)* \}$/, '{ $1 }').replace(/ \d+$/, '')
}

async function lifetime(lab: PluginLab): Promise<Record<'add' | 'del', string[]>> {
  const ports = [port(8080), port(8081, { protocol: 'udp' }), port(443, { hostIP: '192.0.2.1' })]
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
