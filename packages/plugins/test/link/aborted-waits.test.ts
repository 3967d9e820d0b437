import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { Namespace } from '@patchbay/linux/netns'
import { IF_OPER, IFA_F } from '@patchbay/linux/route'
import { addressOperations, linkOperations } from '@patchbay/linux/route/raw'
import { FakeKernel, reply } from '@patchbay/linux/testing'
import { settleAddresses } from '../../src/link/settle-addresses.ts'
import { waitUntilUp } from '../../src/link/wait-until-up.ts'

const HOUR_MS = 3_600_000
/** Far less than what the waits would take. */
const limit = { timeout: 60_000 }
const link = { index: 2, ifName: 'eth0' }

/** A kernel on which nothing ever gets ready. */
const unready = new FakeKernel((request) => {
  if (request.is(linkOperations.get))
    return [reply(linkOperations.reply, { index: 2, ifname: 'eth0', operstate: IF_OPER.DOWN })]
  const { address, prefixLength } = CIDR.parse('fd00::2/64')
  const header = { family: 10, prefixlen: prefixLength, index: 2 }
  return [reply(addressOperations.reply, { header, attributes: { address, flags: IFA_F.TENTATIVE } })]
})

const waits = {
  'waitUntilUp()': (host: Parameters<typeof waitUntilUp>[0]) => waitUntilUp(host, link.index, HOUR_MS),
  'settleAddresses()': (host: Parameters<typeof settleAddresses>[0]) => settleAddresses(host, link, HOUR_MS),
}

for (const [name, wait] of Object.entries(waits))
  test(`${name} ends when the call is aborted`, limit, async () => {
    const controller = new AbortController()
    using netns = Namespace.current()
    using route = unready.openSocket()
    const waiting = wait({ netns, route, signal: controller.signal, [Symbol.dispose]() {} })
    setImmediate(() => controller.abort(new Error('the caller is gone')))
    await assert.rejects(waiting, { message: 'the caller is gone' })
  })
