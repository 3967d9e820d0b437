// A program with two versions of our packages in its tree, for as-a-dependency.test.ts: one of its own, and one that
// comes with a package it depends on, `newer`. What one version makes, the other takes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import * as newer from 'newer'
import * as older from './uses.mjs'

assert.notEqual(older.types.CniError, newer.types.CniError)
assert.notEqual(older.address.IPv4, newer.address.IPv4)

// Errors
for (const [one, other] of [
  [older, newer],
  [newer, older],
]) {
  const error = new one.types.CniError('tryAgainLater', 'busy', { details: 'held by 4711' })
  assert.ok(other.types.isCniError(error))
  assert.equal(other.plugin.toCniError(new Error('Cannot attach', { cause: error })).code, 11)
  assert.ok(!other.types.isCniError(new Error('busy')))
}

// Addresses
const [a, b] = [older.address.parseIP('10.0.0.9'), newer.address.parseIP('10.0.0.10')]
assert.ok(a.compare(b) < 0 && b.compare(a) > 0 && !a.equals(b))
assert.ok(a.equals(newer.address.parseIP('10.0.0.9')))
assert.ok(older.address.CIDR.parse('10.0.0.0/8').contains(b))
assert.ok(newer.address.CIDR.parse('10.0.0.0/8').overlaps(older.address.CIDR.parse('10.1.0.0/16')))
assert.deepEqual([b, newer.address.parseIP('::1'), a].sort(older.address.compareAddresses).map(String), [
  '10.0.0.9',
  '10.0.0.10',
  '::1',
])

// The kernel: each has an addon of its own, a namespace of one is good for a socket of the other.
const netns = older.netns.Namespace.create()
const inOlder = older.route.openRouteSocket({ netns })
const inNewer = newer.route.openRouteSocket({ netns })
const link = { ifname: 'br0', linkinfo: { link: { kind: 'bridge' } } }
const { index } = await older.route.addLink(inOlder, link)
await newer.route.addAddress(inNewer, { index, address: older.address.CIDR.parse('10.1.0.1/24') })
const [{ address }] = await older.route.listAddresses(inOlder, { index, family: 4 })
assert.ok(address.equals(newer.address.CIDR.parse('10.1.0.1/24')), String(address))
const refusal = await newer.route.addLink(inNewer, link).catch((error) => error)
assert.ok(older.netlink.isNetlinkError(refusal, 'EEXIST') && newer.netlink.isNetlinkError(refusal))
assert.ok(!older.netlink.isNetlinkError(refusal, 'EPERM'))
const loaded = readFileSync('/proc/self/maps', 'utf8').match(/\/.*\/patchbay\.node$/gm) ?? []
assert.equal(new Set(loaded).size, 2, loaded.join('\n'))

// A plugin of one in a runtime of the other; its error is the other's.
const ipam = { type: 'host-local', subnet: '10.1.0.0/30', dataDir: process.env.DATA }
const list = newer.config.networkListFromBytes(
  JSON.stringify({ cniVersion: '1.1.0', name: 'n', plugins: [{ type: 'host-local', ipam }] }),
)
const executor = older.plugin.inProcessExecutor({ 'host-local': older.hostLocal })
const cni = new newer.runtime.Cni({ path: ['/nowhere'], executor, cacheDir: process.env.DATA })
const attachment = { containerId: 'c1', netns: netns.path, ifName: 'eth0' }
const { ips } = await cni.addNetworkList(list, attachment)
assert.ok(newer.address.parseIP('10.1.0.2').equals(ips[0].address.address))
const full = await cni.addNetworkList(list, { ...attachment, containerId: 'c2' }).catch((error) => error)
assert.ok(newer.types.isCniError(full.cause), String(full))
await cni.delNetworkList(list, attachment)
console.log('both work')
