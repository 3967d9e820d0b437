import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loopback } from '../../../src/main/loopback/index.ts'
import { fakeRequest } from '../../fake-request.ts'

test('loopback ADD and CHECK need a namespace, DEL does not', async () => {
  const netns = '/run/netns/patchbay-absent'
  const message = `failed to open netns "${netns}": failed to Statfs "${netns}": no such file or directory`
  for (const handler of [loopback.add, loopback.check])
    await assert.rejects(async () => handler?.(fakeRequest({}, { netns })), { message })
  for (const path of [netns, '']) assert.equal(await loopback.del?.(fakeRequest({}, { netns: path })), undefined)
})

test('loopback ADD refuses a previous result that it cannot read before it does anything', async () => {
  const request = fakeRequest({ cniVersion: '1.1.0', prevResult: { cniVersion: '0.4.0' } })
  await assert.rejects(async () => loopback.add?.(request), /^JsonError: could not parse prevResult: result type/)
})

test('loopback ADD refuses what every plugin has where it is of another type', async () => {
  for (const key of ['type', 'capabilities', 'ipam', 'dns', 'prevResult'])
    await assert.rejects(
      async () => loopback.add?.(fakeRequest({ cniVersion: '1.1.0', name: 'n1', [key]: 5 })),
      RegExp(`^JsonError: failed to parse network config: json: cannot unmarshal number into .*\\.${key} of type`),
    )
})
