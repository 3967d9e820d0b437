import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetlinkError, type NetlinkRequest, type NetlinkSocket } from '@patchbay/linux/netlink'
import { setLinkRequest } from '@patchbay/linux/route'
import type { OpenNetns } from '../../src/link/net-context.ts'
import { sendSteps } from '../../src/link/send-steps.ts'

const EEXIST = 17
const EPERM = 1

/** A kernel that refuses the steps named here, and what it has been asked. */
function kernel(refusals: Record<string, number>) {
  const names = ['a', 'b', 'c', 'd']
  const steps = names.map((name, index) => ({ what: () => name, request: setLinkRequest(index + 1, { up: true }) }))
  const nameOf = (request: NetlinkRequest) => steps.find((step) => step.request === request)?.what() ?? ''
  const asked: string[][] = []
  const request = async (requests: NetlinkRequest[]) => {
    const given = requests.map(nameOf)
    asked.push(given)
    const position = given.findIndex((name) => Object.hasOwn(refusals, name))
    if (position >= 0) throw new NetlinkError('RTM_NEWLINK', refusals[given[position] ?? ''] ?? 0, { position })
    return []
  }
  // Only what is called is there.
  return { host: { route: { request } as unknown as NetlinkSocket } as unknown as OpenNetns, steps, asked }
}

test('sendSteps() asks for all steps in one go', async () => {
  const { host, steps, asked } = kernel({})
  await sendSteps(host, steps)
  assert.deepEqual(asked, [['a', 'b', 'c', 'd']])
})

test('sendSteps() names the first step that was refused, and why', async () => {
  const { host, steps } = kernel({ b: EPERM, d: EEXIST })
  await assert.rejects(sendSteps(host, steps), { message: 'failed to b: operation not permitted' })
})

test('sendSteps() passes over what is there already when that is fine, and over nothing else', async () => {
  const fine = kernel({ b: EEXIST, d: EEXIST })
  await sendSteps(fine.host, fine.steps, { mayExist: true })
  const not = kernel({ a: EEXIST, c: EPERM })
  await assert.rejects(sendSteps(not.host, not.steps, { mayExist: true }), {
    message: 'failed to c: operation not permitted',
  })
  await assert.rejects(sendSteps(fine.host, fine.steps), { message: 'failed to b: file exists' })
})
