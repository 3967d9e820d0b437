import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { deterministicMac, macSource } from '../../src/link/deterministic-mac.ts'
import { forAll } from '../ipam/host-local/seeded-random.ts'

async function macOf(address: string): Promise<string> {
  return String(await deterministicMac(parseIP(address)))
}

test('deterministicMac() is 0a:58 and the bytes of an IPv4 address', async () => {
  const cases = {
    '10.0.0.2': '0a:58:0a:00:00:02',
    '10.250.0.244': '0a:58:0a:fa:00:f4',
    '172.17.0.2': '0a:58:ac:11:00:02',
    // An IPv4 address in the clothes of IPv6.
    '::ffff:172.17.0.2': '0a:58:ac:11:00:02',
    '255.255.255.255': '0a:58:ff:ff:ff:ff',
  }
  for (const [address, mac] of Object.entries(cases)) assert.equal(await macOf(address), mac)
})

test('deterministicMac() is 0a:58 and the first bytes of SHA-256 of an IPv6 address', async () => {
  // printf '\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01' | sha256sum
  assert.equal(await macOf('fd00::1'), '0a:58:68:46:5f:2b')
  assert.equal(await macOf('2001:db8::2'), '0a:58:49:44:ea:23')
})

test('deterministicMac() gives different IPv4 addresses different hardware addresses', async () => {
  const seen = new Map<string, string>()
  const addresses: string[] = []
  forAll((random) => addresses.push([0, 0, 0, 0].map(() => random.below(256)).join('.')), 500)
  for (const address of addresses) {
    const mac = await macOf(address)
    assert.ok([undefined, address].includes(seen.get(mac)), `${address} and ${seen.get(mac)}`)
    seen.set(mac, address)
  }
})

test('macSource() prefers IPv4, then what comes first', () => {
  const [a, b, c, d] = ['fd00::1', '10.0.0.1', '10.0.0.2', 'fd00::2'].map(parseIP)
  assert.ok(a && b && c && d)
  assert.equal(macSource([a, b, c]), b)
  assert.equal(macSource([d, a]), d)
  assert.equal(macSource([]), undefined)
})
