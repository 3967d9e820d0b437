import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  counter,
  inetService,
  ip,
  ipv4Addr,
  type NamedObject,
  Nftables,
  namedMap,
  rule,
} from '@patchbay/linux/nftables'
import { a, b, json, listedRules, table, web, withTable } from '../lab/linux-nftables-lab.ts'
import { withNamespaces } from '../lab/namespace-fixture.ts'
import { runIn } from '../lab/witness.ts'

const hits: NamedObject = { table, name: 'hits', state: { kind: 'counter' } }
const others: NamedObject = { table, name: 'others', state: { kind: 'counter' }, comment: 'the rest' }
const counters = namedMap({ table, name: 'counters', key: ipv4Addr, data: 'counter', comment: 'by address' })
const quotas = namedMap({ table, name: 'quotas', key: [ipv4Addr, inetService], data: 'quota' })
const allowance: NamedObject = { table, name: 'hits', state: { kind: 'quota', data: { bytes: 1_048_576n, flags: 0 } } }

/** Two counters, of which one counts for two addresses, and a quota that has the name of one of them. */
async function addAll(nft: Nftables): Promise<void> {
  await nft.transaction((batch) => {
    for (const object of [hits, others, allowance]) batch.addObject(object)
    for (const map of [counters, quotas]) batch.addSet(map)
    batch.addElements(counters, [{ key: a, data: 'hits', comment: 'first' }])
    batch.addElements(counters, [{ key: b, data: 'hits' }])
    batch.addElements(quotas, [{ key: [a, 80], data: 'hits' }])
  })
}

test('namedMap() of counters and of quotas makes maps that nft shows and reads back as they were meant', () =>
  withTable(async (nft, host) => {
    await addAll(nft)
    await nft.transaction((batch) => batch.addRule(rule(web, ip.saddr.objref(counters), counter({ name: 'others' }))))
    const maps = json(host, 'map').filter(({ map }) => map === 'counter' || map === 'quota')
    const shown = maps.map(({ name, type, map, comment, elem }) => ({ name, type, map, comment, elem }))
    const first = [{ elem: { val: '10.0.0.1', comment: 'first' } }, 'hits']
    assert.deepEqual(shown, [
      {
        name: 'counters',
        type: 'ipv4_addr',
        map: 'counter',
        comment: 'by address',
        elem: [first, ['10.0.0.2', 'hits']],
      },
      {
        name: 'quotas',
        type: ['ipv4_addr', 'inet_service'],
        map: 'quota',
        comment: undefined,
        elem: [[{ concat: ['10.0.0.1', 80] }, 'hits']],
      },
    ])
    assert.deepEqual(listedRules(host, web), ['counter name ip saddr map @counters counter name "others"'])

    const listed = runIn(host, 'nft', 'list', 'ruleset')
    runIn(host, 'sh', '-c', 'nft list ruleset >/run/nft-$$; nft flush ruleset; nft -f /run/nft-$$; rm /run/nft-$$')
    assert.equal(runIn(host, 'nft', 'list', 'ruleset'), listed)
    assert.deepEqual(await nft.findElement(counters, { key: a }), { key: a, data: 'hits', comment: 'first' })
  }))

test('Nftables knows the maps to objects that nft has made, and their elements', () =>
  withNamespaces(['host'], async ({ host }) => {
    using nft = Nftables.open({ netns: host.netns })
    const x = { family: 'inet', name: 'x' } as const
    const kinds = { c: 'counter', l: 'limit', q: 'quota', s: 'synproxy', t: 'secmark' }
    runIn(host, 'nft', 'add table inet x; add counter inet x some/2bname; add limit inet x slow { rate 1/second; }')
    for (const [name, kind] of Object.entries(kinds))
      runIn(host, 'nft', `add map inet x ${name} { type ipv4_addr : ${kind}; }`)
    runIn(host, 'nft', 'add element inet x c { 10.0.0.1 comment "of it" : "some/2bname", 10.0.0.2 : "some/2bname" }')
    runIn(host, 'nft', 'add element inet x l { 10.0.0.1 : "slow" }')
    assert.deepEqual((await nft.listSets(x)).map(({ name, data }) => [name, data]).toSorted(), [
      ['c', 'counter'],
      ['l', 'limit'],
      ['q', 'quota'],
      ['s', 'synproxy'],
      // Of no kind that has a name here.
      ['t', undefined],
    ])
    const c = namedMap({ table: x, name: 'c', key: ipv4Addr, data: 'counter' })
    const found = (await nft.listElements(c)).toSorted((first, second) => `${first.key}`.localeCompare(`${second.key}`))
    assert.deepEqual(found, [
      { key: a, data: 'some/2bname', comment: 'of it' },
      { key: b, data: 'some/2bname' },
    ])
    const limits = namedMap({ table: x, name: 'l', key: ipv4Addr, data: 'limit' })
    assert.deepEqual(await nft.listElements(limits), [{ key: a, data: 'slow' }])
  }))

test('Nftables.findObject() counts who refers to an object, and one that is in use is not deleted', () =>
  withTable(async (nft, host) => {
    await addAll(nft)
    const useOf = async (object: NamedObject) => (await nft.findObject(object))?.use
    assert.deepEqual([await useOf(hits), await useOf(allowance), await useOf(others)], [2, 1, 0])
    assert.equal((await nft.findObject(others))?.comment, 'the rest')
    assert.equal(await nft.findObject({ ...others, state: { kind: 'quota' } }), undefined)
    assert.equal(await nft.findObject({ ...hits, table: { family: 'ip', name: 'none' } }), undefined)
    assert.deepEqual((await nft.listObjects(table)).map(({ name, state, use }) => [name, state.kind, use]).toSorted(), [
      ['hits', 'counter', 2],
      ['hits', 'quota', 1],
      ['others', 'counter', 0],
    ])

    const refused = { code: 'EBUSY', object: 'counter inet t hits' }
    await nft.transaction((batch) => batch.deleteElements(counters, [{ key: a }]))
    await assert.rejects(
      nft.transaction((batch) => batch.deleteObject(hits)),
      refused,
    )
    await nft.transaction((batch) => {
      batch.deleteElements(counters, [{ key: b }])
      batch.deleteObject(hits)
    })
    assert.deepEqual(
      json(host, 'counter').map(({ name }) => name),
      ['others'],
    )
    assert.equal(await useOf(allowance), 1)
  }))

test('an element of a map of objects needs its object, and one of another object is refused', () =>
  withTable(async (nft) => {
    await addAll(nft)
    const add = (data: string) => nft.transaction((batch) => batch.addElements(counters, [{ key: a, data }]))
    await add('hits')
    await assert.rejects(add('others'), { code: 'EEXIST' })
    await assert.rejects(add('none'), { code: 'ENOENT' })
    // What is there already is left as it is.
    await nft.transaction((batch) => batch.addObject(hits))
    assert.equal((await nft.findObject(hits))?.use, 2)
  }))
