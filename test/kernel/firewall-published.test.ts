import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewall } from '@patchbay/plugins/firewall'
import { portmap } from '@patchbay/plugins/portmap'
import { ptp } from '@patchbay/plugins/ptp'
import { learnRoutes } from '../lab/firewall-lab.ts'
import { addresses, attach, callOptions, type PacketLab, versions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const runtimeConfig = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }

/** How hosts are closed, and the backend of both plugins that then makes rules; none for what they choose. */
const closedHosts: Record<string, { close: string; backend?: string }> = {
  'by iptables': { close: 'for tool in iptables ip6tables; do $tool -P FORWARD DROP; done', backend: 'iptables' },
  'by iptables, as Docker closes it': { close: 'for tool in iptables ip6tables; do $tool -P FORWARD DROP; done' },
  'by the policy of our chain': {
    close: `
      nft add table inet patchbay
      nft 'add chain inet patchbay firewall-forward { type filter hook forward priority filter; policy drop; }'`,
    backend: 'nftables',
  },
}

/** Attaches the container by a plugin, with the same addresses. */
const attachments: Record<string, (place: PacketLab) => Promise<JsonObject>> = {
  bridge: ({ lab }) => attach(lab, 'container'),
  ptp: async ({ lab }) => {
    lab.ipam = {
      cniVersion: '1.1.0',
      ips: [
        { address: `${addresses[4].container}/24`, gateway: '10.1.2.1' },
        { address: `${addresses[6].container}/64`, gateway: 'fd00:1:2::1' },
      ],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    }
    return lab.add(ptp, { ipam: { type: 'ipam' } }, callOptions(lab, 'container'))
  },
}

for (const [how, { close, backend }] of Object.entries(closedHosts))
  for (const [main, attachBy] of Object.entries(attachments))
    test(`firewall: on a host closed ${how}, a port of a container of ${main} that is published is reached from outside`, () =>
      withPacketLab(async (place) => {
        const { lab, outside } = place
        runIn(lab.host, 'sh', '-ec', close)
        learnRoutes(outside)
        const prevResult = await attachBy(place)
        const config: JsonObject = { prevResult, ...(backend !== undefined && { backend }) }
        const options = callOptions(lab, 'container')
        using _ = await Server.start(lab.container, { name: 'web', port: 80 })
        const isReached = (address: string, port: number) => ask(outside, { protocol: 'tcp', address, port }) !== ''

        await lab.add(portmap, { ...config, runtimeConfig }, options)
        for (const version of versions) assert.equal(isReached(addresses[version].host, 8080), false)
        await lab.add(firewall, config, options)
        for (const version of versions) {
          assert.equal(isReached(addresses[version].host, 8080), true, `IPv${version}`)
          assert.equal(isReached(addresses[version].container, 80), false, `IPv${version}, directly`)
        }
        await lab.del(firewall, config, options)
        for (const version of versions) assert.equal(isReached(addresses[version].host, 8080), false)
      }))

test('firewall by iptables: DEL takes the rules for published ports away, and leaves the chain', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    const config = { backend: 'iptables', prevResult: await attach(lab, 'container') }
    const published = (tool: string) => runIn(lab.host, tool, '-S', 'CNI-PUBLISHED')
    await lab.add(firewall, config, callOptions(lab, 'container'))
    const comment =
      '-m comment --comment "8e48f37d5de60467-0ab5244c1ca55437-55621a5eab331202, net: net1, if: eth0, id: container"'
    for (const [tool, host] of [
      ['iptables', '10.1.2.2/32'],
      ['ip6tables', 'fd00:1:2::2/128'],
    ] as const)
      assert.equal(published(tool), `-N CNI-PUBLISHED\n-A CNI-PUBLISHED -d ${host} ${comment} -j ACCEPT\n`)
    await lab.del(firewall, config, callOptions(lab, 'container'))
    for (const tool of ['iptables', 'ip6tables']) assert.equal(published(tool), '-N CNI-PUBLISHED\n')
  }))
