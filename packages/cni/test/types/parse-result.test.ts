import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatJson, type JsonValue, parseJson } from '../../src/json/index.ts'
import { allVersions, convertResult, parseResult, resultToJson, stampResult } from '../../src/types/index.ts'
import { parsePrintedResult } from '../../src/types/result-json.ts'
import { forSeeds, type Random } from '../json/random.ts'

/** Addresses as text, so that a result can be compared with data. */
const plain = (json: JsonValue, version?: string): unknown =>
  JSON.parse(
    JSON.stringify(parseResult(json, version === undefined ? {} : { version }), (_, value) =>
      value !== null && typeof value === 'object' && 'family' in value ? String(value) : value,
    ),
  )

test('parseResult() reads 0.1.0 and 0.2.0', () => {
  const json = {
    ip4: { ip: '10.0.0.5/24', gateway: '10.0.0.1', routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1', mtu: 9 }] },
    ip6: { ip: 'FD00::5/64', routes: [{ dst: '::/0' }] },
    dns: { domain: 'a' },
  }
  const read = {
    cniVersion: '0.2.0',
    ips: [{ address: '10.0.0.5/24', gateway: '10.0.0.1' }, { address: 'fd00::5/64' }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1', mtu: 9 }, { dst: '::/0' }],
    dns: { domain: 'a' },
  }
  assert.deepEqual(plain({ cniVersion: '0.2.0', ...json }), read)
  assert.deepEqual(plain(json, '0.2.0'), { ...read, cniVersion: '0.1.0' })
  assert.deepEqual(plain({ cniVersion: '0.1.0', ...json }, ''), { ...read, cniVersion: '0.1.0' })
})

test('parseResult() reads 0.3.0 to 0.4.0', () => {
  const json = {
    interfaces: [{ name: 'eth0', mac: '', sandbox: '/x', mtu: 1500 }],
    ips: [{ version: '6', interface: 0, address: '10.0.0.5/24', gateway: '' }],
    routes: [{ dst: '::ffff:10.0.0.0/120', table: 0, gw: null }],
  }
  for (const cniVersion of ['0.3.0', '0.3.1', '0.4.0']) {
    assert.deepEqual(plain({ cniVersion, ...json }), {
      cniVersion,
      interfaces: [{ name: 'eth0', sandbox: '/x' }],
      ips: [{ interface: 0, address: '10.0.0.5/24' }],
      routes: [{ dst: '10.0.0.0/24', table: 0 }],
      dns: {},
    })
  }
})

test('parseResult() reads 1.0.0 and 1.1.0 whole, in keys of any case', () => {
  const json = {
    CNIVERSION: '1.0.0',
    Interfaces: [{ NAME: 'eth0', mtu: 1500, socketPath: '/s', pciid: 'p' }],
    ips: [{ address: '10.0.0.5/24', interface: 0 }],
    unknown: 1,
  }
  assert.deepEqual(plain(json), {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', mtu: 1500, socketPath: '/s', pciID: 'p' }],
    ips: [{ address: '10.0.0.5/24', interface: 0 }],
    dns: {},
  })
})

test('parseResult() refuses versions in the words of the reference', () => {
  const supports = (list: string, own: string) =>
    `result type supports [${list}] but unmarshalled CNIVersion is "${own}"`
  const refused = [
    [{ cniVersion: '2.0.0' }, undefined, 'unsupported CNI result version "2.0.0"'],
    [{}, 'x"', 'unsupported CNI result version "x\\""'],
    [{ cniVersion: '0.4.0' }, '1.1.0', supports('1.0.0 1.1.0', '0.4.0')],
    [{}, '1.0.0', supports('1.0.0 1.1.0', '')],
    [{ cniVersion: '1.0.0' }, '0.3.1', supports('0.3.0 0.3.1 0.4.0', '1.0.0')],
    [{ cniVersion: '0.3.0' }, '', supports(' 0.1.0 0.2.0', '0.3.0')],
  ] as const
  for (const [json, version, message] of refused) {
    assert.throws(() => parseResult(json, version === undefined ? {} : { version }), { name: 'TypeError', message })
  }
})

test('parseResult() reports values that do not fit in the words of the reference', () => {
  const field = (found: string, rest: string) => `json: cannot unmarshal ${found} into Go struct field ${rest}`
  const refused = [
    [{ ips: [{ address: 'zz' }] }, 'invalid CIDR address: zz'],
    [{ ips: [{ address: '' }] }, 'invalid CIDR address: '],
    [{ ips: [{ address: '10.0.0.1/8', gateway: 'zz' }] }, 'invalid IP address: zz'],
    [{ ips: [{ address: 5 }] }, field('number', 'Result.ips.address of type string')],
    [{ ips: [{ interface: 'x' }] }, field('string', 'Result.ips.interface of type int')],
    [{ ips: {} }, field('object', 'Result.ips of type []*types100.IPConfig')],
    [{ routes: [{ dst: '::/0', gw: true }] }, field('bool', 'Result.routes.gw of type net.IP')],
    [{ routes: [5] }, field('number', 'Result.routes of type types.route')],
    [{ interfaces: [{ name: 5 }] }, field('number', 'Interface.interfaces.name of type string')],
    [{ dns: { search: 'x' } }, field('string', 'DNS.dns.search of type []string')],
    [{ dns: true }, field('bool', 'Result.dns of type types.DNS')],
  ] as const
  for (const [json, message] of refused) {
    assert.throws(() => parseResult(parseJson(JSON.stringify({ cniVersion: '1.1.0', ...json }))), { message })
  }
})

test('parseResult() reports null among objects, and a missing address, instead of crashing later', () => {
  for (const [key, cniVersion] of [
    ['ips', '1.1.0'],
    ['interfaces', '0.4.0'],
    ['routes', '1.0.0'],
  ] as const) {
    assert.throws(() => parseResult({ cniVersion, [key]: [null] }), {
      name: 'JsonError',
      message: `Cannot decode Result.${key}: element 0 is null`,
    })
  }
  assert.throws(() => parseResult({ cniVersion: '0.3.1', ips: [{}] }), {
    message: 'Cannot decode Result.ips.address: missing',
  })
  assert.throws(() => parseResult({ cniVersion: '0.2.0', ip4: {} }), {
    message: 'Cannot decode Result.ip4.ip: missing',
  })
})

test('convertResult() keeps all that one shape has, but unknown keys', () => {
  const odd = {
    cniVersion: '0.3.0',
    ips: [{ version: '5', address: '10.0.0.5/24' }, { version: '', address: 'fd00::1/64' }, { address: '::1/128' }],
    unknown: 1,
  }
  assert.equal(
    formatJson(convertResult(odd, '0.4.0', '0.3.1')),
    '{"cniVersion":"0.3.1","ips":[{"version":"5","address":"10.0.0.5/24"},{"version":"","address":"fd00::1/64"},' +
      '{"version":"","address":"::1/128"}],"dns":{}}',
  )
  const odd02 = { ip4: { ip: 'fd00::1/64', routes: [{ dst: '10.0.0.0/8', mtu: 9 }] } }
  assert.equal(
    formatJson(convertResult(odd02, '', '0.2.0')),
    '{"cniVersion":"0.2.0","ip4":{"ip":"fd00::1/64","routes":[{"dst":"10.0.0.0/8","mtu":9}]},"dns":{}}',
  )
  const v11 = { cniVersion: '1.1.0', interfaces: [{ name: 'e', mtu: 1, pciID: 'p' }] }
  assert.deepEqual(convertResult(v11, '1.1.0', '1.0.0'), { ...v11, cniVersion: '1.0.0' })
})

test('convertResult() goes by the version text, not the address, from 0.4.0 to 0.2.0', () => {
  const ips = [
    { version: '', address: '10.0.0.1/24' },
    { version: '6', address: '10.0.0.2/24' },
    { version: '4', address: '10.0.0.3/24', gateway: '10.0.0.1' },
    { version: '4', address: '10.0.0.4/24' },
  ]
  const routes = [
    { dst: '10.0.0.0/8', mtu: 9, table: 5 },
    { dst: 'fd00::/8', gw: 'fd00::1' },
  ]
  assert.deepEqual(convertResult({ cniVersion: '0.4.0', ips, routes }, '0.4.0', '0.1.0'), {
    cniVersion: '0.1.0',
    ip4: { ip: '10.0.0.3/24', gateway: '10.0.0.1', routes: [{ dst: '10.0.0.0/8' }] },
    ip6: { ip: '10.0.0.2/24', routes: [{ dst: 'fd00::/8', gw: 'fd00::1' }] },
    dns: {},
  })
  assert.throws(() => convertResult({ cniVersion: '0.4.0', ips: ips.slice(0, 1) }, '0.4.0', '0.2.0'), {
    message: 'cannot convert: no valid IP addresses',
  })
})

test('convertResult() reports a version that nothing converts to', () => {
  assert.throws(() => convertResult({ cniVersion: '0.3.1' }, '0.3.1', '9'), {
    message: 'no converter for CNI result version 0.3.1 to 9',
  })
})

test('stampResult() puts the version of the configuration where there is none', () => {
  assert.deepEqual(stampResult('null', '0.4.0'), { cniVersion: '0.4.0' })
  assert.deepEqual(stampResult('{"cniVersion":"","a":1}', '0.4.0'), { cniVersion: '0.4.0', a: 1 })
  assert.deepEqual(stampResult('{"cniVersion":5}', '0.4.0'), { cniVersion: '0.4.0' })
  assert.deepEqual(stampResult('{"a":1,"cniVersion":"1.0.0"}', '0.4.0'), { a: 1, cniVersion: '1.0.0' })
  const refused = [
    ['', 'unexpected end of JSON input'],
    ['{}x', "invalid character 'x' after top-level value"],
    ['[]', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ] as const
  for (const [stdout, message] of refused) {
    assert.throws(() => stampResult(stdout, '0.4.0'), { message: `failed to unmarshal raw result: ${message}` })
  }
})

test('stampResult() keeps how numbers were spelled where there is a version; a stamped result is plain data', () => {
  const ips = '"ips":[{"address":"10.0.0.5/24","interface":0.0}]'
  const stamped = stampResult(`{${ips}}`, '1.1.0')
  assert.equal(parsePrintedResult(stamped).ips?.[0]?.interface, 0)
  assert.throws(() => parsePrintedResult(stampResult(`{"cniVersion":"1.1.0",${ips}}`, '1.1.0')), {
    message: 'json: cannot unmarshal number 0.0 into Go struct field Result.ips.interface of type int',
  })
  const dns = '"dns":{"domain":"a"},"dns":{"search":["s"]}'
  assert.deepEqual(parsePrintedResult(stampResult(`{${dns}}`, '1.1.0')).dns, { search: ['s'] })
  assert.deepEqual(parsePrintedResult(stampResult(`{"cniVersion":"1.1.0",${dns}}`, '1.1.0')).dns, {
    domain: 'a',
    search: ['s'],
  })
})

const address = (random: Random) => random.pick(['10.0.0.5/24', 'fd00::5/64', '::ffff:1.2.3.4/120', '0.0.0.0/0'])

function randomResult(random: Random, cniVersion: string): JsonValue {
  const maybe = <T>(make: () => T): T | undefined => (random.below(2) === 0 ? make() : undefined)
  const route = () => ({
    dst: address(random),
    gw: maybe(() => '10.0.0.1'),
    mtu: maybe(() => random.below(2)),
    table: maybe(() => 0),
  })
  const familyAddress = () => ({
    ip: address(random),
    gateway: maybe(() => '::1'),
    routes: maybe(() => random.list(route)),
  })
  const json = {
    cniVersion,
    ip4: maybe(familyAddress),
    ip6: maybe(familyAddress),
    interfaces: maybe(() =>
      random.list(() => ({ name: 'eth0', mac: maybe(() => 'x'), mtu: maybe(() => random.below(2)) })),
    ),
    ips: maybe(() => random.list(() => ({ version: random.pick(['4', '6', '']), address: address(random) }))),
    routes: maybe(() => random.list(route)),
    dns: maybe(() => ({ search: maybe(() => random.list(() => 'x')) })),
  }
  return parseJson(JSON.stringify(json))
}

test('convertResult() gives results that read back, and the same through the newest shape as on the direct way', () => {
  forSeeds(1000, (random) => {
    const [from, to] = [random.pick(allVersions), random.pick(allVersions)]
    const json = randomResult(random, from)
    const isNewest = from.startsWith('1.')
    try {
      const converted = convertResult(json, from, to)
      assert.deepEqual(convertResult(converted, to, to), converted)
      if (isNewest) assert.deepEqual(resultToJson(parseResult(json), to), converted)
    } catch (error) {
      const isOwn = error instanceof TypeError && error.message === 'cannot convert: no valid IP addresses'
      if (!isOwn) throw error
    }
  })
})

test('parsePrintedResult() reads what convertResult() makes of a result', () => {
  forSeeds(1000, (random) => {
    const cniVersion = random.pick(allVersions)
    const printed = { ...Object(randomResult(random, cniVersion)), ...random.pick([{}, { CNIVersion: '1.0.0' }]) }
    const json = stampResult(formatJson(printed), '')
    const isOfOtherShape = 'CNIVersion' in json && !cniVersion.startsWith('1.')
    if (isOfOtherShape) return assert.throws(() => parsePrintedResult(json), { message: /^result type supports / })
    assert.deepEqual(parsePrintedResult(json), parseResult(convertResult(json, cniVersion, cniVersion)))
  })
})

test('convertResult() throws nothing but its own errors for damaged results', () => {
  forSeeds(2000, (random) => {
    const [from, to] = [random.pick(allVersions), random.pick(allVersions)]
    const text = formatJson(randomResult(random, from))
    const parts = text.split(/(?<=[,[{:])|(?=[,\]}:])/)
    parts[random.below(parts.length)] = random.pick(['null', '5', '"x"', '[]', '{}', 'true', '"cniVersion"'])
    try {
      convertResult(parseJson(parts.join('')), from, to)
    } catch (error) {
      assert.ok(error instanceof SyntaxError || error instanceof TypeError, String(error))
      const own =
        /^(json: |invalid |unexpected end|Cannot decode |result type |cannot convert: |unsupported CNI result)/
      assert.match(error.message, own)
    }
  })
})
