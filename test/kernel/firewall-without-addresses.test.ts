import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewall } from '@patchbay/plugins/firewall'
import { isolated, nftables, ruleset } from '../lab/firewall-lab.ts'
import { withLab } from '../lab/plugin-lab.ts'
import type { JsonObject } from '../lab/witness.ts'

const withoutAddresses = (name: string): JsonObject => ({
  cniVersion: '1.1.0',
  interfaces: [{ name: 'cni0' }, { name }, { name: 'eth0', sandbox: '/run/netns/c' }],
})

for (const ingressPolicy of ['open', 'same-bridge', 'isolated'])
  test(`firewall: containers without addresses leave nothing of the policy "${ingressPolicy}"`, () =>
    withLab(async (lab) => {
      const call = (command: string, who: string, keys: JsonObject = {}) =>
        lab.call(firewall, command, { ...nftables, ingressPolicy, ...keys }, { containerId: who })
      const results = {
        first: withoutAddresses('veth1'),
        second: withoutAddresses('veth2'),
        third: withoutAddresses('veth3'),
      }
      for (const [who, prevResult] of Object.entries(results)) {
        assert.equal((await call('ADD', who, { prevResult })).status, 0)
        assert.deepEqual((await call('CHECK', who, { prevResult })).document, {})
      }
      const withPolicy = /elements = { "cni0" }/
      const has = () => withPolicy.test(ruleset(lab.host))
      assert.equal(has(), ingressPolicy !== 'open')
      await call('DEL', 'first', { prevResult: results.first })
      const valid = [{ containerID: 'second', ifname: 'eth0' }]
      await call('GC', 'second', { 'cni.dev/valid-attachments': valid })
      assert.equal(has(), ingressPolicy !== 'open')
      assert.deepEqual((await call('CHECK', 'second', { prevResult: results.second })).document, {})
      await call('DEL', 'second')
      assert.doesNotMatch(ruleset(lab.host), /cni0|veth\d/)
    }))

test('firewall: ADD that fails for a container without addresses leaves nothing', () =>
  withLab(async (lab) => {
    const prevResult = withoutAddresses('veth1')
    // The administrator's chain cannot be called so, which is found out last.
    const config = { ...nftables, ingressPolicy: 'isolated', iptablesAdminChainName: 'x'.repeat(300), prevResult }
    assert.equal((await lab.call(firewall, 'ADD', config)).status, 1)
    assert.doesNotMatch(ruleset(lab.host), /cni0|veth1/)
  }))

test('firewall: a container that has neither addresses nor a port of the bridge needs no policy', () =>
  withLab(async (lab) => {
    const prevResult = { cniVersion: '1.1.0', interfaces: [{ name: 'cni0' }] }
    await lab.add(firewall, { ...isolated, prevResult })
    assert.doesNotMatch(ruleset(lab.host), /cni0/)
    await lab.del(firewall, { ...isolated, prevResult })
  }))
