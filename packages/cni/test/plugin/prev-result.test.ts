import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../src/json/index.ts'
import { parsePrevResult } from '../../src/plugin/index.ts'

const ips = [{ address: '10.0.0.5/24' }]

test('parsePrevResult() reads the result of the plugins before', () => {
  const result = parsePrevResult({ cniVersion: '1.1.0', prevResult: { cniVersion: '1.0.0', ips } })
  assert.equal(result?.cniVersion, '1.0.0')
  assert.equal(String(result.ips?.[0]?.address), '10.0.0.5/24')
  assert.equal(parsePrevResult({ CNIVersion: '0.3.1', PREVRESULT: { CniVersion: '0.4.0' } })?.cniVersion, '0.4.0')
})

test('parsePrevResult() gives nothing where there is nothing', () => {
  assert.equal(parsePrevResult({ cniVersion: '1.1.0' }), undefined)
  assert.equal(parsePrevResult({ cniVersion: '1.1.0', prevResult: null }), undefined)
})

test('parsePrevResult() takes a result without a version for one of the configuration', () => {
  for (const version of [undefined, '', null]) {
    const prevResult = { ips, ...(version === undefined ? {} : { cniVersion: version }) }
    assert.equal(parsePrevResult({ cniVersion: '0.4.0', prevResult })?.cniVersion, '0.4.0')
  }
  assert.equal(parsePrevResult({ prevResult: { ip4: { ip: '10.0.0.5/24' } } })?.cniVersion, '0.1.0')
})

test('parsePrevResult() reports what it cannot read in the words of the reference', () => {
  const cases: [JsonObject, string][] = [
    [
      { cniVersion: '1.1.0', prevResult: { cniVersion: '0.4.0' } },
      'could not parse prevResult: result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is "0.4.0"',
    ],
    [
      { cniVersion: '1.0.0', prevResult: { ips: [{ interface: 'x', address: '10.0.0.1/2' }] } },
      'could not parse prevResult: json: cannot unmarshal string into Go struct field Result.ips.interface of type int',
    ],
    [{ cniVersion: 'x', prevResult: {} }, 'could not parse prevResult: unsupported CNI result version "x"'],
    [
      { prevResult: 5 },
      'json: cannot unmarshal number into Go struct field PluginConf.prevResult of type map[string]interface {}',
    ],
  ]
  for (const [config, message] of cases) assert.throws(() => parsePrevResult(config), { message })
})
