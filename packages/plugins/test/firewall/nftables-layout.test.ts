import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeChain, bridgeOfChain } from '../../src/firewall/nftables-layout.ts'

test('bridgeChain() gives a name that nft reads, and each bridge its own', () => {
  // What the kernel takes for the name of an interface: anything but a slash, a colon and white space.
  const bridges = ['cni0', 'br-lan.5', 'a_b', 'a@b', 'a+b', 'brücke', '网桥', '"', '!2f', '-', '\u0001']
  const names = bridges.map((bridge) => bridgeChain(bridge).name)
  for (const name of names) assert.match(name, /^firewall-bridge-[\w./-]+$/)
  assert.equal(new Set(names).size, bridges.length)
  assert.deepEqual(names.map(bridgeOfChain), bridges)
})

test('bridgeChain() leaves a usual name as it is', () => {
  assert.equal(bridgeChain('cni-podman0').name, 'firewall-bridge-cni-podman0')
})

test('bridgeOfChain() knows no bridge of other chains', () => {
  for (const name of ['firewall-forward', 'CNI-ADMIN', 'masquerade-10.1.2.0/24'])
    assert.equal(bridgeOfChain(name), undefined)
})
