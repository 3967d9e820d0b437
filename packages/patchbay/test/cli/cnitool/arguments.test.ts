import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitPath } from '@patchbay/cni/exec'
import { capabilityArgs, containerIdOf, pairsOf } from '../../../src/cli/cnitool/arguments.ts'

test('containerIdOf() is what sha512sum makes of the path', () => {
  // printf /var/run/netns/mine | sha512sum | cut -c 1-20
  assert.equal(containerIdOf('/var/run/netns/mine'), 'cnitool-20e19cf89df3f1fbfec9')
  assert.equal(containerIdOf('/run/netns/ünïcödé'), 'cnitool-c065b0d772b66c7a38eb')
})

test('splitPath() splits at colons and keeps empty elements', () => {
  assert.deepEqual(splitPath('/a:/b'), ['/a', '/b'])
  assert.deepEqual(splitPath('/a::b'), ['/a', '', 'b'])
  assert.deepEqual(splitPath(''), [])
})

test('pairsOf() reads pairs in order, the same key more than once', () => {
  assert.deepEqual(pairsOf(''), [])
  assert.deepEqual(pairsOf('IgnoreUnknown=1;A=b;A=c'), [
    ['IgnoreUnknown', '1'],
    ['A', 'b'],
    ['A', 'c'],
  ])
})

test('pairsOf() refuses a pair without a key, without a value, or with two values', () => {
  for (const pair of ['A', 'A=', '=b', 'A=b=c', ''])
    assert.throws(() => pairsOf(`X=1;${pair}`), { message: `invalid CNI_ARGS pair ${JSON.stringify(pair)}` })
})

test('capabilityArgs() reads an object and nothing else', () => {
  assert.deepEqual(capabilityArgs(''), {})
  assert.deepEqual(capabilityArgs('{"portMappings":[{"hostPort":80}]}'), { portMappings: [{ hostPort: 80 }] })
  for (const text of ['[]', 'null', '1', '"x"'])
    assert.throws(() => capabilityArgs(text), { message: 'Cannot read CAP_ARGS: not a JSON object' })
  assert.throws(() => capabilityArgs('{'), { message: 'Cannot read CAP_ARGS: unexpected end of JSON input' })
})
