import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeObject, bridgeOfObject } from '../../../src/meta/firewall/nftables-layout.ts'

test('bridgeObject() gives a name that nft reads, and each bridge its own', () => {
  // What the kernel takes for the name of an interface: anything but a slash, a colon and white space.
  const bridges = ['cni0', 'br-lan.5', 'a_b', 'a@b', 'a+b', 'brücke', '网桥', '"', '!2f', '-', '\u0001']
  const names = bridges.map((bridge) => bridgeObject(bridge).name)
  for (const name of names) assert.match(name, /^firewall-bridge-[\w./-]+$/)
  assert.equal(new Set(names).size, bridges.length)
  assert.deepEqual(names.map(bridgeOfObject), bridges)
})

test('bridgeObject() leaves a usual name as it is', () => {
  assert.equal(bridgeObject('cni-podman0').name, 'firewall-bridge-cni-podman0')
})

test('bridgeOfObject() knows no bridge of other objects', () => {
  for (const name of ['firewall-forward', 'CNI-ADMIN', 'masquerade-10.1.2.0/24'])
    assert.equal(bridgeOfObject(name), undefined)
})
