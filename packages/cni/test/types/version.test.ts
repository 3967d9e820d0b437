import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allVersions, currentVersion, decodeVersion, isAtLeast, parseVersion } from '../../src/types/index.ts'

test('parseVersion() reads up to three numbers', () => {
  assert.deepEqual(parseVersion('0.3.1'), [0, 3, 1])
  assert.deepEqual(parseVersion('1.1'), [1, 1, 0])
  assert.deepEqual(parseVersion('2'), [2, 0, 0])
  assert.deepEqual(parseVersion(''), [0, 1, 0])
  assert.deepEqual(parseVersion('+1.010.0'), [1, 10, 0])
  assert.deepEqual(parseVersion('0.-42.0'), [0, -42, 0])
})

test('parseVersion() refuses anything else in the words of the reference', () => {
  const atoi = (part: string, why = 'invalid syntax') =>
    `version part "${part}": strconv.Atoi: parsing "${part}": ${why}`
  const refused = [
    ['1.0.0.0', 'invalid version "1.0.0.0": too many parts'],
    ['x', `failed to convert major ${atoi('x')}`],
    ['1.', `failed to convert minor ${atoi('')}`],
    ['1.1.x', `failed to convert micro ${atoi('x')}`],
    ['1.0.0-rc1', `failed to convert micro ${atoi('0-rc1')}`],
    ['1."', `failed to convert minor ${atoi('\\"')}`],
    ['99999999999999999999', `failed to convert major ${atoi('99999999999999999999', 'value out of range')}`],
  ] as const
  for (const [text, message] of refused) assert.throws(() => parseVersion(text), { name: 'SyntaxError', message })
})

test('isAtLeast() compares by numbers', () => {
  assert.ok(isAtLeast('0.10.0', '0.9.9'))
  assert.ok(isAtLeast('1.0', '1.0.0'))
  assert.ok(isAtLeast('', '0.1.0'))
  assert.ok(!isAtLeast('', '0.1.1'))
  assert.ok(!isAtLeast('0.4.0', '1.0.0'))
  assert.ok(isAtLeast('2.0.0', '1.9.9'))
})

test('allVersions go up to currentVersion', () => {
  assert.equal(allVersions.at(-1), currentVersion)
  for (const [at, version] of allVersions.entries()) assert.ok(isAtLeast(version, allVersions[at - 1] ?? '0.1.0'))
})

test('decodeVersion() takes 0.1.0 for none', () => {
  assert.equal(decodeVersion({ CNIVersion: '0.4.0' }), '0.4.0')
  for (const json of [null, {}, { cniVersion: null }, { cniVersion: '' }]) assert.equal(decodeVersion(json), '0.1.0')
  assert.throws(() => decodeVersion({ cniVersion: 5 }), {
    name: 'JsonError',
    message:
      'decoding version from network config: json: cannot unmarshal number into Go struct field .cniVersion of type string',
  })
})
