import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewall } from '@patchbay/plugins/firewall'
import {
  allow,
  assertReachesOutside,
  both,
  learnRoutes,
  reaches,
  ruleset,
  setBridgeFilter,
} from '../lab/firewall-lab.ts'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { callOptions, withPacketLab } from '../lab/packet-lab.ts'
import { Server } from '../lab/packet-peer.ts'
import { runIn } from '../lab/witness.ts'

test('firewall: nftables where nothing else is asked for, and nothing of the host is in the way', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    // The tables without a rule, and what stays of containers that iptables was used for.
    for (const tool of ['iptables', 'ip6tables']) runIn(lab.host, tool, '-P', 'FORWARD', 'ACCEPT')
    const config = await allow(place, 'container')
    assert.match(ruleset(lab.host), /set firewall-addresses4 {\n.*\n.*= { 10\.1\.2\.2 comment ".*"/)
    const ofIptables = await allow(place, 'other', { backend: 'iptables' })
    await lab.del(firewall, config, callOptions(lab, 'container'))
    assert.doesNotMatch(ruleset(lab.host), /10\.1\.2\.2/)
    await lab.add(firewall, config, callOptions(lab, 'container'))
    assert.match(ruleset(lab.host), /set firewall-addresses4 {\n.*\n.*= { 10\.1\.2\.2 comment ".*"/)
    await lab.del(firewall, ofIptables, callOptions(lab, 'other'))
    assert.doesNotMatch(runIn(lab.host, 'iptables', '-S'), /10\.1\.2\.3/)
  }))

const hostsOfIptables: Record<string, (host: TestNamespace) => void> = {
  'whose policy is to drop': (host) => {
    for (const tool of ['iptables', 'ip6tables']) runIn(host, tool, '-P', 'FORWARD', 'DROP')
  },
  'with rules like those of docker': (host) => {
    for (const tool of ['iptables', 'ip6tables']) {
      runIn(host, tool, '-N', 'DOCKER-USER')
      runIn(host, tool, '-A', 'FORWARD', '-j', 'DOCKER-USER')
      runIn(host, tool, '-A', 'FORWARD', '-i', 'up0', '-j', 'ACCEPT')
      runIn(host, tool, '-A', 'FORWARD', '-j', 'DROP')
    }
  },
  'with rules like those of kube-proxy': (host) => {
    runIn(host, 'iptables', '-N', 'KUBE-FORWARD')
    runIn(host, 'iptables', '-A', 'FORWARD', '-m', 'comment', '--comment', 'forwarding rules', '-j', 'KUBE-FORWARD')
  },
}

for (const [which, prepare] of Object.entries(hostsOfIptables))
  test(`firewall: iptables on a host ${which}, and packets pass`, () =>
    withPacketLab(async (place) => {
      const { lab, outside } = place
      using _ = await Server.start(outside, { name: 'outside', port: 80 })
      prepare(lab.host)
      const before = runIn(lab.host, 'iptables-save', '-t', 'filter')
      learnRoutes(outside)
      const config = await allow(place, 'container')
      assertReachesOutside(lab.container, 'container')
      assert.match(runIn(lab.host, 'iptables', '-S', 'CNI-FORWARD'), /-s 10\.1\.2\.2\/32 -j ACCEPT/)
      assert.doesNotMatch(ruleset(lab.host), /table inet patchbay/)
      // What we make does not count as the host's.
      assert.equal((await lab.call(firewall, 'CHECK', config, callOptions(lab, 'container'))).status, 0)
      await lab.del(firewall, config, callOptions(lab, 'container'))
      assert.doesNotMatch(runIn(lab.host, 'iptables', '-S'), /10\.1\.2\.2/)
      const rules = runIn(lab.host, 'iptables-save', '-t', 'filter')
      for (const line of before.split('\n').filter((text) => text.startsWith('-A')))
        assert.ok(rules.includes(line), line)
    }))

test('firewall: iptables on a host that uses the old one, in its own namespace', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    runIn(lab.host, 'iptables-legacy', '-S')
    await allow(place, 'container')
    assert.match(runIn(lab.host, 'iptables', '-S', 'CNI-FORWARD'), /10\.1\.2\.2/)
  }))

test('firewall: on a host of iptables, isolated containers are kept apart where iptables sees nothing', () =>
  withPacketLab(async (place) => {
    const { lab, outside } = place
    using _ = await Server.start(lab.other, { name: 'other', port: 80 })
    using _outside = await Server.start(outside, { name: 'outside', port: 80 })
    hostsOfIptables['whose policy is to drop']?.(lab.host)
    learnRoutes(outside)
    setBridgeFilter(lab.host, 0)
    for (const who of both) await allow(place, who, { ingressPolicy: 'isolated' })
    assert.deepEqual(reaches(place), { 4: false, 6: false })
    for (const who of both) assertReachesOutside(lab[who], who)
  }))
