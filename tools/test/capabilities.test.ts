import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { excusesSkip, formatCapabilities, probeCapabilities } from '../capabilities.ts'
import { withoutProgram } from './without-program.ts'

const features = [
  { name: 'veth', required: true, probe: 'ip link add v0 type veth peer name v1' },
  { name: 'teleport', required: false, probe: 'ip link add t0 type teleport' },
]

test('probeCapabilities() asks programs and the kernel', { skip: withoutProgram('ip') }, () => {
  const found = new Map(probeCapabilities(features, '/').map((each) => [each.name, each]))
  assert.match(found.get('ip')?.detail ?? '', /^\d+\.\d+/)
  assert.equal(found.get('kernel veth')?.present, true)
  assert.deepEqual([found.get('kernel teleport')?.present, found.get('kernel teleport')?.required], [false, false])
  assert.equal(existsSync('/sys/class/net/v0'), false)
})

test('excusesSkip() believes the probe, not the test', { skip: withoutProgram('ip') }, () => {
  const capabilities = probeCapabilities(features, '/')
  assert.equal(excusesSkip('kernel lacks teleport', capabilities), true)
  assert.equal(excusesSkip('kernel lacks veth', capabilities), false)
  assert.equal(excusesSkip('kernel lacks nothing we know', capabilities), false)
  assert.equal(excusesSkip('teleport', capabilities), false)
})

test('formatCapabilities() makes a table', () => {
  const table = formatCapabilities([
    { name: 'ip', present: true, required: true, detail: '6.1' },
    { name: 'longer', present: false, required: false, detail: '' },
  ])
  assert.equal(table, '  ip      yes  6.1\n  longer  no')
})
