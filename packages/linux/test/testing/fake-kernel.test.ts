import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NLM_F } from '../../src/netlink/index.ts'
import { Nftables } from '../../src/nftables/index.ts'
import { ruleOperations } from '../../src/nftables/raw.ts'
import {
  addBridge,
  addLinkRequest,
  deleteLink,
  findLink,
  getLink,
  getLinkRequest,
  linkSummary,
  listLinks,
  setLink,
} from '../../src/route/index.ts'
import { linkOperations } from '../../src/route/raw.ts'
import { FakeKernel, type FakeRequest, refusal, reply } from '../../src/testing/index.ts'

/** A kernel with the links `a` and `b`, in which nothing can be changed. */
function twoLinks(): FakeKernel {
  const links = [
    { index: 1, ifname: 'a' },
    { index: 2, ifname: 'b' },
  ]
  return new FakeKernel((request) => {
    if (!request.is(linkOperations.get)) return refusal('EPERM', { message: 'look, do not touch' })
    const { ifname } = request.valueFor(linkOperations.get)
    const found = links.filter((link) => ifname === undefined || ifname === link.ifname)
    return found.length > 0 ? found.map((link) => reply(linkOperations.reply, link)) : refusal('ENODEV')
  })
}

test('a socket of FakeKernel gets, finds and lists what the kernel answers', async () => {
  using socket = twoLinks().openSocket()
  assert.equal((await getLink(socket, 'b')).index, 2)
  assert.equal(await findLink(socket, 'c'), undefined)
  await assert.rejects(getLink(socket, 'c'), { name: 'NetlinkError', operation: 'RTM_GETLINK', code: 'ENODEV' })
  assert.deepEqual(
    (await listLinks(socket)).map(({ ifname }) => ifname),
    ['a', 'b'],
  )
  const each = await socket.getEach(['b', 'a'].map(getLinkRequest), linkSummary)
  assert.deepEqual(
    each.map(({ index }) => index),
    [2, 1],
  )
})

test('a refusal of FakeKernel is an error with its words, the number of the request, and the attribute at its offset', async () => {
  using socket = twoLinks().openSocket()
  await assert.rejects(setLink(socket, 1, { up: true }), {
    message: 'RTM_NEWLINK (link 1): operation not permitted: look, do not touch',
  })
  const behindHeaders = 32
  const kernel = new FakeKernel(({ sequence }) => (sequence === 2 ? refusal('ERANGE', { offset: behindHeaders }) : []))
  using other = kernel.openSocket()
  const requests = ['a', 'b', 'c'].map((ifname) => addLinkRequest({ ifname }))
  await assert.rejects(other.request(requests), {
    code: 'ERANGE',
    position: 1,
    extack: { offset: 32, path: 'IFLA.ifname' },
  })
  assert.equal(kernel.requests.length, 3)
})

test('FakeKernel acknowledges what it has no answer for, and keeps what it was asked', async () => {
  const kernel = new FakeKernel()
  using socket = kernel.openSocket()
  await setLink(socket, 7, { mtu: 1400 })
  await deleteLink(socket, 7)
  assert.deepEqual(await listLinks(socket), [])
  const [set, gone, list] = kernel.requests
  const { index, mtu } = (set as FakeRequest).valueFor(linkOperations.add)
  assert.deepEqual([index, mtu], [7, 1400])
  assert.ok(gone?.is(linkOperations.delete) && !gone.is(linkOperations.add))
  assert.equal((list?.flags ?? 0) & NLM_F.DUMP, NLM_F.DUMP)
  assert.throws(() => refusal('ENOSUCH'), RangeError)
  assert.throws(() => set?.valueFor(linkOperations.delete), TypeError)
})

test('a socket of FakeKernel gets an object that the kernel echoes before it acknowledges', async () => {
  const kernel = new FakeKernel((request) => {
    const { ifname } = request.valueFor(linkOperations.add)
    return [reply(linkOperations.reply, { index: 5, ifname })]
  })
  for (const offThread of [false, true]) {
    using socket = kernel.openSocket({ offThread })
    assert.equal((await addBridge(socket, { ifname: 'br0' })).index, 5)
  }
})

test('a socket of FakeKernel serves Nftables', async () => {
  const kernel = new FakeKernel((request) => (request.is(ruleOperations.new) ? refusal('ENOENT') : []))
  using nft = new Nftables(kernel.openSocket())
  const table = { family: 'ip', name: 't' } as const
  await nft.transaction((batch) => batch.addTable(table))
  const rule = { chain: { table, name: 'c' }, expressions: [] }
  await assert.rejects(
    nft.transaction((batch) => batch.addRule(rule)),
    { code: 'ENOENT', object: 'rule ip t c' },
  )
})

test('what the answer of FakeKernel throws, the caller gets; nothing to receive is a time limit', async () => {
  using socket = new FakeKernel(() => {
    throw new Error('not in this test')
  }).openSocket()
  await assert.rejects(setLink(socket, 1, { up: true }), { message: 'not in this test' })
  using silent = new FakeKernel().openSocket()
  await assert.rejects(getLink(silent, 'a'), { name: 'SystemError', code: 'ETIMEDOUT' })
})
