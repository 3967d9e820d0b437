import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR, parseIP } from '@patchbay/address'
import { allVersions, formatResult, type Result, resultAs } from '../../src/types/index.ts'
import { parsePrintedResult } from '../../src/types/result-json.ts'

const four = CIDR.parse('10.0.0.5/24')
const six = CIDR.parse('fd00::5/64')

/** Everything that a result may say, and everything that says nothing. */
const results: readonly Result[] = [
  { cniVersion: '' },
  { cniVersion: '1.1.0', interfaces: [], ips: [], routes: [], dns: {} },
  {
    cniVersion: '0.4.0',
    interfaces: [
      { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500, sandbox: '/n', socketPath: '/s', pciID: '0000:00:01.0' },
      { name: '', mac: '', mtu: 0, sandbox: '', socketPath: '', pciID: '' },
    ],
    ips: [
      { interface: 0, address: four, gateway: parseIP('10.0.0.1') },
      { address: six },
      { interface: 1, address: CIDR.parse('10.0.0.6/24') },
    ],
    routes: [
      { dst: CIDR.parse('0.0.0.0/0'), gw: parseIP('10.0.0.1'), mtu: 1400, advmss: 1, priority: 2, table: 3, scope: 4 },
      { dst: CIDR.parse('::/0'), mtu: 0, advmss: 0, priority: 0, table: 0, scope: 0 },
    ],
    dns: { nameservers: ['10.0.0.1'], domain: 'x', search: ['a', 'b'], options: ['c'] },
  },
  { cniVersion: '1.0.0', ips: [{ address: six }], dns: { nameservers: [], domain: '', search: [], options: [] } },
]

test('resultAs() gives what a result is after it was printed and read', () => {
  for (const result of results) {
    for (const version of ['', ...allVersions]) {
      const before = formatResult(result, '1.1.0')
      assert.deepEqual(
        outcome(() => resultAs(result, version)),
        outcome(() => printedAndRead(result, version)),
      )
      assert.equal(formatResult(result, '1.1.0'), before)
    }
  }
})

test('resultAs() shares nothing that can be changed with the result', () => {
  const [, , result] = results
  assert.ok(result)
  const before = formatResult(result, '1.1.0')
  const { ips, routes, interfaces, dns } = resultAs(result, '1.1.0')
  for (const list of [ips, routes, interfaces, dns?.nameservers, dns?.search, dns?.options]) list?.splice(0)
  assert.equal(formatResult(result, '1.1.0'), before)
})

function printedAndRead(result: Result, version: string): Result {
  return parsePrintedResult({ cniVersion: '', ...JSON.parse(formatResult(result, version)) })
}

/** What a function returns, or the message of what it throws. */
function outcome(work: () => Result): Result | string {
  try {
    return work()
  } catch (error) {
    return String(error)
  }
}
