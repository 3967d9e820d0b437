import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR, parseIP } from '@patchbay/address'
import { formatJson } from '../../src/json/index.ts'
import { allVersions, formatResult, type Result, resultToJson } from '../../src/types/index.ts'

/** Every field that there is, of none of the values that are left out. */
const full: Result = {
  cniVersion: '1.1.0',
  interfaces: [
    { name: 'br0', mac: '02:00:00:00:00:01', mtu: 1400, socketPath: '/run/s', pciID: '0000:01:02.0' },
    { name: 'eth0', sandbox: '/run/netns/a' },
  ],
  ips: [
    { interface: 0, address: CIDR.parse('10.0.0.5/24'), gateway: parseIP('10.0.0.1') },
    { interface: 1, address: CIDR.parse('fd00::5/64') },
    { address: CIDR.parse('10.0.1.5/24') },
  ],
  routes: [
    { dst: CIDR.parse('0.0.0.0/0'), gw: parseIP('10.0.0.1'), mtu: 1400, advmss: 1360, priority: 5, table: 0, scope: 0 },
    { dst: CIDR.parse('::/0') },
  ],
  dns: { nameservers: ['10.0.0.1'], domain: 'a.b', search: ['c.d'], options: ['ndots:5'] },
}

const dns = '"dns":{"nameservers":["10.0.0.1"],"domain":"a.b","search":["c.d"],"options":["ndots:5"]}'
const route = '{"dst":"0.0.0.0/0","gw":"10.0.0.1","mtu":1400,"advmss":1360,"priority":5,"table":0,"scope":0}'

test('resultToJson() prints 1.0.0 and 1.1.0 with sorted keys', () => {
  for (const version of ['1.0.0', '1.1.0']) {
    assert.equal(
      formatJson(resultToJson(full, version)),
      `{"cniVersion":"${version}","dns":{"domain":"a.b","nameservers":["10.0.0.1"],"options":["ndots:5"],"search":["c.d"]},` +
        '"interfaces":[{"mac":"02:00:00:00:00:01","mtu":1400,"name":"br0","pciID":"0000:01:02.0","socketPath":"/run/s"},' +
        '{"name":"eth0","sandbox":"/run/netns/a"}],"ips":[{"address":"10.0.0.5/24","gateway":"10.0.0.1","interface":0},' +
        '{"address":"fd00::5/64","interface":1},{"address":"10.0.1.5/24"}],"routes":[{"advmss":1360,"dst":"0.0.0.0/0",' +
        '"gw":"10.0.0.1","mtu":1400,"priority":5,"scope":0,"table":0},{"dst":"::/0"}]}',
    )
  }
})

test('resultToJson() prints 0.3.0 to 0.4.0 in the order of the reference, interfaces reduced', () => {
  for (const version of ['0.3.0', '0.3.1', '0.4.0']) {
    assert.equal(
      formatJson(resultToJson(full, version)),
      `{"cniVersion":"${version}","interfaces":[{"name":"br0","mac":"02:00:00:00:00:01"},` +
        '{"name":"eth0","sandbox":"/run/netns/a"}],"ips":[{"version":"4","interface":0,"address":"10.0.0.5/24",' +
        '"gateway":"10.0.0.1"},{"version":"6","interface":1,"address":"fd00::5/64"},{"version":"4",' +
        `"address":"10.0.1.5/24"}],"routes":[${route},{"dst":"::/0"}],${dns}}`,
    )
  }
})

test('resultToJson() prints 0.1.0 and 0.2.0 with one address a family', () => {
  for (const version of ['0.1.0', '0.2.0']) {
    assert.equal(
      formatJson(resultToJson(full, version)),
      `{"cniVersion":"${version}","ip4":{"ip":"10.0.0.5/24","gateway":"10.0.0.1","routes":[{"dst":"0.0.0.0/0",` +
        `"gw":"10.0.0.1"}]},"ip6":{"ip":"fd00::5/64","routes":[{"dst":"::/0"}]},${dns}}`,
    )
  }
  assert.equal(resultToJson(full, '')['cniVersion'], '0.1.0')
})

test('resultToJson() drops the routes of a family without an address in 0.2.0', () => {
  const { ips, ...rest } = full
  const only6 = { ...rest, ips: [{ address: CIDR.parse('fd00::5/64') }] }
  assert.equal(
    formatJson(resultToJson(only6, '0.2.0')),
    `{"cniVersion":"0.2.0","ip6":{"ip":"fd00::5/64","routes":[{"dst":"::/0"}]},${dns}}`,
  )
  assert.equal(ips?.length, 3)
})

test('resultToJson() leaves out what is empty, and dns only from 1.0.0 on', () => {
  const empty: Result = {
    cniVersion: '1.1.0',
    interfaces: [{ name: '', mac: '', mtu: 0, sandbox: '', socketPath: '', pciID: '' }],
    ips: [],
    routes: [{ dst: CIDR.parse('0.0.0.0/0'), mtu: 0, advmss: 0, priority: 0 }],
    dns: { nameservers: [], domain: '', search: [], options: [] },
  }
  assert.equal(
    formatJson(resultToJson(empty, '1.1.0')),
    '{"cniVersion":"1.1.0","interfaces":[{"name":""}],"routes":[{"dst":"0.0.0.0/0"}]}',
  )
  assert.equal(
    formatJson(resultToJson(empty, '0.4.0')),
    '{"cniVersion":"0.4.0","interfaces":[{"name":""}],"routes":[{"dst":"0.0.0.0/0"}],"dns":{}}',
  )
  assert.equal(formatJson(resultToJson({ cniVersion: '' }, '0.3.0')), '{"cniVersion":"0.3.0","dns":{}}')
  assert.equal(formatJson(resultToJson({ cniVersion: '' }, '1.0.0')), '{"cniVersion":"1.0.0"}')
})

test('resultToJson() reports what it cannot convert', () => {
  assert.throws(() => resultToJson({ ...full, ips: [] }, '0.2.0'), { message: 'cannot convert: no valid IP addresses' })
  // The shape is the newest, whatever version it came in.
  assert.throws(() => resultToJson({ ...full, cniVersion: '0.3.1' }, '2.0.0'), {
    message: 'no converter for CNI result version 1.1.0 to 2.0.0',
  })
})

test('resultToJson() does not change its argument', () => {
  const before = structuredClone(JSON.parse(JSON.stringify(full)))
  for (const version of allVersions) resultToJson(full, version)
  assert.deepEqual(JSON.parse(JSON.stringify(full)), before)
})

test('formatResult() indents by four spaces, without a line break at the end', () => {
  assert.equal(
    formatResult({ cniVersion: '1.1.0', ips: [{ address: CIDR.parse('10.0.0.5/24') }] }, '0.3.1'),
    `{
    "cniVersion": "0.3.1",
    "ips": [
        {
            "version": "4",
            "address": "10.0.0.5/24"
        }
    ],
    "dns": {}
}`,
  )
})
