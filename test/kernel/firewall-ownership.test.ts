import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import type { Plugin } from '@patchbay/cni/plugin'
import { ipv4Addr, Nftables, namedMap, namedSet } from '@patchbay/linux/nftables'
import { firewall } from '@patchbay/plugins/firewall'
import {
  allow,
  assertReachesOutside,
  both,
  isolated,
  learnRoutes,
  nftables,
  reaches,
  ruleset,
} from '../lab/firewall-lab.ts'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { recordNetfilter } from '../lab/netfilter-record.ts'
import { attach, callOptions, withPacketLab } from '../lab/packet-lab.ts'
import { Server } from '../lab/packet-peer.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

test("firewall: the administrator's chains come first and keep their rules, under each of their names", () =>
  withPacketLab(async (place) => {
    const { lab, outside } = place
    using _ = await Server.start(outside, { name: 'outside', port: 80 })
    learnRoutes(outside)
    const config = await allow(place, 'container', nftables)
    const named = { ...nftables, iptablesAdminChainName: 'OURS' }
    const otherConfig = await allow(place, 'other', named)
    assertReachesOutside(lab.container, 'container')
    runIn(lab.host, 'nft', 'add rule inet patchbay CNI-ADMIN ip saddr 10.1.2.2 drop')
    runIn(lab.host, 'nft', 'add rule inet patchbay OURS ip6 saddr fd00:1:2::2 drop')
    await lab.del(firewall, config, callOptions(lab, 'container'))
    for (const who of both) await lab.add(firewall, who === 'other' ? otherConfig : config, callOptions(lab, who))
    assert.throws(() => assertReachesOutside(lab.container, 'container'), /'outside saw 10\.1\.2\.2'/)
    runIn(lab.host, 'nft', 'flush chain inet patchbay CNI-ADMIN')
    assert.throws(() => assertReachesOutside(lab.container, 'container'), /'outside saw fd00:1:2::2'/)
    assertReachesOutside(lab.other, 'other')
    // Something that is not there yet makes ADD send everything again.
    await lab.add(firewall, { ...config, ingressPolicy: 'same-bridge' }, callOptions(lab, 'container'))
    assert.throws(() => assertReachesOutside(lab.container, 'container'), /'outside saw fd00:1:2::2'/)
    assert.equal(ruleset(lab.host).split('jump OURS').length, 2)
  }))

test('firewall: after a flush, CHECK names what is missing and the next ADD makes all that it needs', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    using _ = await Server.start(lab.other, { name: 'other', port: 80 })
    const config = await allow(place, 'container', isolated)
    const check = () => lab.call(firewall, 'CHECK', config, callOptions(lab, 'container'))
    assert.equal((await check()).status, 0)

    runIn(lab.host, 'nft', 'flush set bridge patchbay firewall-isolated-ports')
    assert.match(
      String((await check()).document['msg']),
      /^element veth\w+ not found in set bridge patchbay firewall-isolated-ports$/,
    )
    runIn(lab.host, 'nft', 'flush ruleset')
    const missing = 'element 10.1.2.2 not found in set inet patchbay firewall-addresses4'
    assert.equal((await check()).document['msg'], missing)
    assert.equal(ruleset(lab.host), '')
    await allow(place, 'other', isolated)
    assert.deepEqual(reaches(place), { 4: false, 6: false })
    await lab.del(firewall, config, callOptions(lab, 'container'))

    await lab.add(firewall, config, callOptions(lab, 'container'))
    runIn(lab.host, 'nft', 'flush chain inet patchbay firewall-forward')
    assert.equal((await check()).document['msg'], 'rules not found in chain inet patchbay firewall-forward')
  }))

test('firewall: GC removes what attachments that are gone have left, and bridges that nobody uses', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    for (const who of both) await allow(place, who, isolated)
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: '10.9.0.2/24' }] }
    const elsewhere = { name: 'net2', prevResult: { cniVersion: '1.1.0', ips: [{ address: '10.9.0.2/24' }] } }
    await lab.add(firewall, { ...nftables, ...elsewhere }, { ...callOptions(lab, 'other'), ifName: 'eth1' })
    const valid = [{ containerID: 'container', ifname: 'eth0' }]
    await lab.call(firewall, 'GC', { ...isolated, 'cni.dev/valid-attachments': valid })
    const left = ruleset(lab.host)
    assert.match(left, /10\.1\.2\.2 comment/)
    assert.match(left, /fd00:1:2::2 comment/)
    assert.doesNotMatch(left, /(10\.1\.2\.3|fd00:1:2::3) comment/)
    assert.match(left, /10\.9\.0\.2 comment/)
    assert.match(left, /"cni0"/)
    await lab.call(firewall, 'GC', { ...isolated, 'cni.dev/valid-attachments': [] })
    assert.doesNotMatch(ruleset(lab.host), /cni0|veth/)
    assert.match(ruleset(lab.host), /10\.9\.0\.2 comment/)
  }))

test('firewall: an address that another container has left belongs to the one that has it now', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    const config = await allow(place, 'container', isolated)
    const { prevResult } = config
    const elsewhere = { ...nftables, name: 'net2', prevResult: prevResult ?? {} }
    await lab.add(firewall, elsewhere, callOptions(lab, 'other'))
    assert.doesNotMatch(ruleset(lab.host), /net: net1, if: eth0, id: container" : /)
    await lab.del(firewall, config, callOptions(lab, 'container'))
    const open = ruleset(lab.host)
    assert.deepEqual(open.match(/10\.1\.2\.2 comment .*/g)?.map(withoutHash), ['net: net2, if: eth0, id: other" }'])

    // And back again: the bridge's policy is for the one that has the address now.
    await lab.add(firewall, config, callOptions(lab, 'container'))
    await lab.del(firewall, elsewhere, callOptions(lab, 'other'))
    assert.deepEqual(
      ruleset(lab.host)
        .match(/10\.1\.2\.2 comment .*/g)
        ?.map(withoutHash),
      ['net: net1, if: eth0, id: container" }', 'net: net1, if: eth0, id: container" : "firewall-bridge-cni0" }'],
    )
    await lab.add(firewall, elsewhere, callOptions(lab, 'other'))
    await lab.call(firewall, 'GC', { ...nftables, 'cni.dev/valid-attachments': [] })
    assert.doesNotMatch(ruleset(lab.host), /cni0/)
  }))

test('firewall: containers that come and go at once leave one policy while there are some, and none after', () =>
  withPacketLab(async ({ lab }) => {
    const call = (command: string, index: number) => {
      const interfaces = [{ name: 'cni0' }, { name: `veth${index}` }]
      const prevResult = { cniVersion: '1.1.0', interfaces, ips: [{ address: `10.1.2.${index}/24` }] }
      return lab.call(firewall, command, { ...isolated, prevResult }, { containerId: `c${index}` })
    }
    const comeAndGo = async (index: number) => {
      for (let time = 0; time < 5; time++)
        for (const command of ['ADD', 'CHECK', 'DEL']) {
          const { status, document } = await call(command, index)
          assert.equal(status, 0, `${command} ${index}: ${JSON.stringify(document)}`)
        }
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => comeAndGo(index + 1)))
    assert.doesNotMatch(ruleset(lab.host), /elements =|firewall-bridge-/)
  }))

test('firewall: DEL removes what the other backend made, and starts no program where that is nothing', () =>
  withPacketLab(async ({ lab }) => {
    const directory = mkdtempSync(join(tmpdir(), 'patchbay-test-'))
    try {
      for (const tool of ['iptables-save', 'iptables-restore', 'ip6tables-save', 'ip6tables-restore'])
        writeFileSync(join(directory, tool), `#!/bin/sh\ntouch ${directory}/started\nexec /usr/sbin/${tool} "$@"\n`, {
          mode: 0o755,
        })
      const watched: Plugin = {
        ...firewall,
        del: async (request) => firewall.del?.({ ...request, env: { ...request.env, PATH: `${directory}:/usr/bin` } }),
      }
      const config: JsonObject = { prevResult: await attach(lab, 'container') }
      const options = callOptions(lab, 'container')
      await lab.add(firewall, { ...config, backend: 'nftables' }, options)
      await lab.del(watched, { ...config, backend: 'iptables' }, options)
      assert.doesNotMatch(ruleset(lab.host), /10\.1\.2\.2/)
      assert.equal(existsSync(`${directory}/started`), false)

      await lab.add(firewall, { ...config, backend: 'iptables' }, options)
      assert.match(runIn(lab.host, 'ip6tables', '-S'), /fd00:1:2::2/)
      await lab.del(watched, { ...config, backend: 'nftables' }, options)
      for (const tool of ['iptables', 'ip6tables']) assert.doesNotMatch(runIn(lab.host, tool, '-S'), /10\.1\.2\.2|fd00/)
      assert.equal(existsSync(`${directory}/started`), true)
    } finally {
      rmSync(directory, { recursive: true })
    }
  }))

test('firewall: beside two thousand others, ADD and DEL say to the kernel what they say beside one', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    const policy = { ingressPolicy: 'isolated' }
    await allow(place, 'other', policy)
    const prevResult = await attach(lab, 'container')
    const lifetime = async () => {
      const config = { ...policy, prevResult }
      const add = await recordNetfilter(() => allow(place, 'container', policy, prevResult))
      const del = await recordNetfilter(() => lab.del(firewall, config, callOptions(lab, 'container')))
      return { add, del }
    }
    // Somebody else's change, as the two thousand are: what others do not have is not remembered after it.
    runIn(lab.host, 'nft', 'add table ip other; delete table ip other')
    const beside1 = await lifetime()
    await addElements(lab.host, 2000)
    assert.deepEqual(await lifetime(), beside1)
    assert.deepEqual(beside1.add, [
      // Whether the kernel has it, and whether the host's own filter is made by iptables.
      ...['GETGEN 20', 'GETCHAIN 44', 'GETCHAIN 44'],
      // The bridge's object, the addresses twice, the bridge three times, the port, and the record.
      '{ NEWOBJ 160, NEWSETELEM 176, NEWSETELEM 204, NEWSETELEM 188, NEWSETELEM 216, NEWSETELEM 92, NEWSETELEM 112, ' +
        'NEWSETELEM 92, NEWSETELEM 192, NEWSETELEM 172 }',
    ])
    assert.deepEqual(beside1.del, [
      // What the container has, and whether iptables has something of ours.
      ...['GETGEN 20', 'GETSETELEM 96', 'GETCHAIN 48', 'GETCHAIN 48'],
      // Whether that is still its own.
      ...['GETSETELEM 80', 'GETSETELEM 92', 'GETSETELEM 96'],
      '{ DELSETELEM 80, DELSETELEM 80, DELSETELEM 92, DELSETELEM 92, DELSETELEM 96, DELSETELEM 96 }',
      // Whether the bridge has other containers.
      'GETOBJ 76',
    ])
  }))

/** What is told of an element's owner, and what follows. */
function withoutHash(element: string): string {
  return element.replace(/^.*?, /, '')
}

async function addElements({ netns }: TestNamespace, count: number): Promise<void> {
  using nft = Nftables.open({ netns })
  const table = { family: 'inet', name: 'patchbay' } as const
  const set = namedSet({ table, name: 'firewall-addresses4', key: ipv4Addr })
  const map = namedMap({ table, name: 'firewall-bridged4', key: ipv4Addr, data: 'counter' })
  const elements = Array.from({ length: count }, (_, index) => ({
    key: parseIP(`10.200.${index >> 8}.${index & 255}`),
    comment: `${'0'.repeat(16)}-${index.toString(16).padStart(16, '0')}, net: net1, if: eth0, id: c${index}`,
  }))
  await nft.transaction((batch) => {
    batch.addElements(set, elements)
    batch.addElements(
      map,
      elements.map((element) => ({ ...element, data: 'firewall-bridge-cni0' })),
    )
  })
}
