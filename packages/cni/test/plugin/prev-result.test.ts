import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, type JsonObject, parseJson } from '../../src/json/index.ts'
import { parsePrevResult, toCniError } from '../../src/plugin/index.ts'

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

/** The configuration that a text says. */
function configOf(text: string): JsonObject {
  const json = parseJson(text, { outOfRange: 'infinite' })
  assert.ok(isJsonObject(json))
  return json
}

test('parsePrevResult() reads whole numbers however they are spelled: it gets them from plain data', () => {
  const result = parsePrevResult(
    configOf(`{"cniVersion":"1.1.0","prevResult":{"interfaces":[{"name":"eth0","mtu":1.5e3}],
      "ips":[{"address":"10.0.0.5/24","interface":0.0}],"routes":[{"dst":"10.0.0.0/8","priority":1e0,"table":-0}]}}`),
  )
  assert.equal(result?.interfaces?.[0]?.mtu, 1500)
  assert.equal(result.ips?.[0]?.interface, 0)
  assert.deepEqual([result.routes?.[0]?.priority, result.routes?.[0]?.table], [1, 0])
  const message =
    'could not parse prevResult: json: cannot unmarshal number 1e+21 into Go struct field Interface.interfaces.mtu of type int'
  for (const mtu of ['1e21', '1000000000000000000000'])
    assert.throws(
      () => parsePrevResult(configOf(`{"cniVersion":"1.1.0","prevResult":{"interfaces":[{"mtu":${mtu}}]}}`)),
      {
        message,
      },
    )
})

test('parsePrevResult() has the last of several equal keys replace the others, as in plain data', () => {
  const twice = '{"ips":[{"address":"10.0.0.5/24"}],"dns":{"domain":"a"},"dns":{"search":["s"]}}'
  assert.deepEqual(parsePrevResult(configOf(`{"cniVersion":"1.1.0","prevResult":${twice}}`))?.dns, { search: ['s'] })
})

test('parsePrevResult() tells the key of what is no address', () => {
  const cases: [JsonObject, string, string][] = [
    [{ ips: [{ address: '10.0.0.5/24', gateway: 'x' }] }, 'invalid IP address: x', 'ips.gateway'],
    [{ ips: [{ address: 'x' }] }, 'invalid CIDR address: x', 'ips.address'],
    [{ routes: [{ dst: '10.0.0.0/8', gw: 'x' }] }, 'invalid IP address: x', 'routes.gw'],
  ]
  for (const [prevResult, msg, key] of cases)
    assert.throws(
      () => parsePrevResult({ cniVersion: '1.1.0', prevResult }),
      (thrown) => {
        const error = toCniError(thrown)
        assert.equal(error.msg, `could not parse prevResult: ${msg}`)
        assert.equal(error.details, `Cannot read key "${key}"`)
        return true
      },
    )
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
