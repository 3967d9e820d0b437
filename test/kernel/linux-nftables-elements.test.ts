import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR, parseIP } from '@patchbay/address'
import { comment, counter, type Nftables, rangeOf, rule, verdict } from '@patchbay/linux/nftables'
import {
  a,
  b,
  json,
  listed,
  listedRules,
  marks,
  net,
  places,
  ports,
  ranges,
  seen,
  verdicts,
  web,
  withTable,
} from '../lab/linux-nftables-lab.ts'
import { assertShows } from '../lab/witness.ts'

const forwarded = [{ key: [a, 'tcp', 80], data: [b, 8080], comment: 'c1' }] as const
const jumps = [
  { key: 'eth0', data: verdict.jump('web') },
  { key: 'eth1', data: verdict.drop },
] as const
const nets = [{ ...rangeOf(net), comment: 'net' }, { key: parseIP('192.168.0.1') }, rangeOf(parseCIDR('224.0.0.0/3'))]
const squares = [{ key: [a, 80], end: [b, 90] }] as const

async function addAll(nft: Nftables): Promise<void> {
  await nft.transaction((batch) => {
    batch.addElements(ports, forwarded)
    batch.addElements(verdicts, jumps)
    batch.addElements(ranges, nets)
    batch.addElements(places, squares)
    batch.addElements(seen, [{ key: a, timeoutMs: 5000, comment: 'soon gone' }])
    batch.addElements(marks, [{ key: 0x12345678 }])
  })
}

test('Batch.addElements() makes elements that nft shows as they were meant', () =>
  withTable(async (nft, host) => {
    await addAll(nft)
    const elements = Object.fromEntries(
      [...json(host, 'map'), ...json(host, 'set')].map(({ name, elem }) => [name, elem]),
    )
    assertShows(elements['ports'], [
      [{ elem: { val: { concat: ['10.0.0.1', 'tcp', 80] }, comment: 'c1' } }, { concat: ['10.0.0.2', 8080] }],
    ])
    assertShows(elements['verdicts'], [
      ['eth0', { jump: { target: 'web' } }],
      ['eth1', { drop: null }],
    ])
    assertShows(elements['ranges'], [
      { elem: { val: { prefix: { addr: '10.0.0.0', len: 24 } }, comment: 'net' } },
      '192.168.0.1',
      { prefix: { addr: '224.0.0.0', len: 3 } },
    ])
    assertShows(elements['places'], [{ concat: [{ range: ['10.0.0.1', '10.0.0.2'] }, { range: [80, 90] }] }])
    assertShows(elements['seen'], [{ elem: { val: '10.0.0.1', timeout: 5, comment: 'soon gone' } }])
    assert.deepEqual(elements['marks'], [0x12345678])
  }))

test('Nftables.listElements() and findElement() give back what was added', () =>
  withTable(async (nft) => {
    await addAll(nft)
    const asSet = <T>(elements: readonly T[]) => elements.map((element) => ({ ...element, data: undefined }))
    assert.deepEqual(await nft.listElements(ports), forwarded)
    const inOrder = (await nft.listElements(verdicts)).toSorted((x, y) => x.key.localeCompare(y.key))
    assert.deepEqual(inOrder, jumps)
    assert.deepEqual(await nft.listElements(ranges), asSet(nets))
    assert.deepEqual(await nft.listElements(places), asSet(squares))
    const [soon] = await nft.listElements(seen)
    assert.equal(soon?.timeoutMs, 5000)
    assert.ok(soon.expiresMs !== undefined && soon.expiresMs <= 5000 && soon.expiresMs > 1000)
    assert.deepEqual(await nft.findElement(ports, { key: [a, 'tcp', 80] }), forwarded[0])
    assert.equal(await nft.findElement(ports, { key: [a, 'udp', 80] }), undefined)
    assert.deepEqual(await nft.findElement(ranges, { key: parseIP('10.0.0.77') }), asSet(nets)[0])
  }))

test('Batch.deleteElements() takes out what it names, ranges included', () =>
  withTable(async (nft, host) => {
    const other = parseCIDR('11.0.0.0/8')
    await nft.transaction((batch) => batch.addElements(ranges, [rangeOf(net), rangeOf(other)]))
    await nft.transaction((batch) => batch.deleteElements(ranges, [rangeOf(net)]))
    assert.ok(listed(host, 'set', 'inet', 't', 'ranges').includes('elements = { 11.0.0.0/8 }'))
    await nft.transaction((batch) => batch.flushSet(ranges))
    assert.deepEqual(await nft.listElements(ranges), [])
    await nft.transaction((batch) => batch.destroyElements(ranges, [rangeOf(net)]))
  }))

test('a batch of very many commands and elements takes effect as a whole', () =>
  withTable(async (nft, host) => {
    const elements = Array.from({ length: 20_000 }, (_, index) => ({
      key: [parseIP(`10.1.${index >> 8}.${index & 255}`), 'tcp', 80] as const,
      data: [b, 8080] as const,
      comment: `number ${index}`,
    }))
    await nft.transaction((batch) => {
      batch.addElements(ports, elements)
      for (let index = 0; index < 2000; index++) batch.addRule(rule(web, counter(), comment(`number ${index}`)))
    })
    const found = await nft.listElements(ports)
    assert.equal(found.length, elements.length)
    assert.equal(new Set(found.map(({ comment }) => comment)).size, elements.length)
    assert.equal((await nft.listRules(web)).length, 2000)
    assert.equal(listedRules(host, web).length, 2000)
  }))
