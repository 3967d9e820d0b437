import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR, MAC, parseIP } from '@patchbay/address'
import { object, orZero, string } from '../../src/json/index.ts'
import { cidr, ip, mac, netConf, route } from '../../src/types/index.ts'

test('netConf decodes the header of a configuration', () => {
  const conf = netConf.decode({
    cniVersion: '1.1.0',
    name: 'net',
    TYPE: 'bridge',
    capabilities: { mac: true, bandwidth: false },
    ipam: { type: 'host-local', subnet: '10.0.0.0/8' },
    dns: { nameservers: ['1.1.1.1'], domain: '' },
    prevResult: { cniVersion: '1.1.0', x: [1] },
    'cni.dev/valid-attachments': [{ containerID: 'a', ifname: 'eth0' }],
    bridge: 'cni0',
  })
  assert.deepEqual(conf, {
    cniVersion: '1.1.0',
    name: 'net',
    type: 'bridge',
    capabilities: { mac: true, bandwidth: false },
    ipam: { type: 'host-local' },
    dns: { nameservers: ['1.1.1.1'] },
    prevResult: { cniVersion: '1.1.0', x: [1] },
    validAttachments: [{ containerID: 'a', ifname: 'eth0' }],
  })
})

test('netConf reports wrong types in the words of the reference', () => {
  const field = 'Go struct field PluginConf'
  const refused = [
    [{ capabilities: [] }, `array into ${field}.capabilities of type map[string]bool`],
    [{ prevResult: 'x' }, `string into ${field}.prevResult of type map[string]interface {}`],
    [{ dns: 5 }, `number into ${field}.dns of type types.DNS`],
    [[], 'array into Go value of type types.PluginConf'],
  ] as const
  for (const [json, message] of refused) {
    assert.throws(() => netConf.decode(JSON.parse(JSON.stringify(json))), {
      message: `json: cannot unmarshal ${message}`,
    })
  }
})

test('netConf is a table to build upon', () => {
  const bridgeConf = object('NetConf', { ...netConf.table, bridge: orZero(string) })
  assert.deepEqual(bridgeConf.decode({ name: 'n', bridge: 'b' }), { name: 'n', bridge: 'b' })
  assert.throws(() => bridgeConf.decode({ name: 5 }), /struct field NetConf.name of type string$/)
})

test('ip, cidr, mac and route decode to values', () => {
  const conf = object('Conf', { ip, cidr, mac, route })
  const decoded = conf.decode({ ip: '10.0.0.1', cidr: '10.0.0.5/24', mac: '02-00-00-00-00-01', route: { dst: '::/0' } })
  assert.ok(decoded.ip?.equals(parseIP('10.0.0.1')))
  assert.ok(decoded.cidr?.equals(CIDR.parse('10.0.0.5/24')))
  assert.equal(String(decoded.mac), String(MAC.parse('02:00:00:00:00:01')))
  assert.equal(String(decoded.route?.dst), '::/0')
  assert.deepEqual(conf.decode({ ip: '', mac: '' }), {})
  assert.throws(() => conf.decode({ ip: 'zz' }), { message: 'invalid IP address: zz' })
  assert.throws(() => conf.decode({ cidr: '' }), { message: 'invalid CIDR address: ' })
})
