import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import {
  comment,
  counter,
  ipv4Addr,
  meta,
  Nftables,
  namedSet,
  openNetfilterSocket,
  rule,
  verdict,
} from '@patchbay/linux/nftables'
import { a, b, input, json, listedRules, ports, table, web, withTable } from '../lab/linux-nftables-lab.ts'
import { withNamespaces } from '../lab/namespace-fixture.ts'
import { runIn } from '../lab/witness.ts'

const present = { key: [a, 'tcp', 80] as const, data: [b, 80] as const }

test('a batch of which one command is refused changes nothing, and the error names the command', () =>
  withTable(async (nft, host) => {
    const before = runIn(host, 'nft', '-a', 'list', 'ruleset')
    await assert.rejects(
      nft.transaction((batch) => {
        batch.addElements(ports, [present])
        batch.addRule(rule(input, verdict.accept))
        batch.addRule(rule({ table, name: 'nowhere' }, verdict.accept))
        batch.deleteTable({ family: 'ip', name: 'none' })
      }),
      {
        name: 'NetlinkError',
        operation: 'NFT_MSG_NEWRULE',
        code: 'ENOENT',
        position: 2,
        object: 'rule inet t nowhere',
        message: 'NFT_MSG_NEWRULE (rule inet t nowhere): no such file or directory (NFTA_RULE.chain)',
      },
    )
    assert.equal(runIn(host, 'nft', '-a', 'list', 'ruleset'), before)
  }))

test('add and create, delete and destroy differ in what they refuse', () =>
  withTable(async (nft) => {
    await nft.transaction((batch) => batch.addElements(ports, [present]))
    await nft.transaction((batch) => batch.addElements(ports, [present]))
    const missing = { key: [b, 'tcp', 80] as const }
    await assert.rejects(
      nft.transaction((batch) => batch.deleteElements(ports, [present, missing])),
      { code: 'ENOENT', extack: { path: 'NFTA_SET_ELEM_LIST.elements.1', offset: 68 } },
    )
    await assert.rejects(
      nft.transaction((batch) => batch.createElements(ports, [present])),
      { code: 'EEXIST' },
    )
    await assert.rejects(
      nft.transaction((batch) => batch.addElements(ports, [{ ...present, data: [b, 81] }])),
      { code: 'EEXIST' },
    )
    await assert.rejects(
      nft.transaction((batch) => batch.createChain(web)),
      { code: 'EEXIST' },
    )
    assert.equal((await nft.listElements(ports)).length, 1)
    const none = { table, name: 'none' }
    await nft.transaction((batch) => {
      batch.destroyChain(none)
      batch.destroySet(none)
      batch.destroyTable({ family: 'ip', name: 'none' })
    })
    await assert.rejects(
      nft.transaction((batch) => batch.deleteSet(none)),
      { code: 'ENOENT', extack: { path: 'NFTA_SET.name', offset: 28 } },
    )
  }))

test('Nftables.transaction() with a generation refuses when the rules have changed since', () =>
  withTable(async (nft, host) => {
    const generation = await nft.getGeneration()
    await nft.transaction((batch) => batch.addRule(rule(web, counter())), { generation })
    await assert.rejects(
      nft.transaction((batch) => batch.addRule(rule(web, counter())), { generation }),
      { operation: 'NFNL_MSG_BATCH_BEGIN', code: 'ERESTART' },
    )
    assert.equal(listedRules(host, web).length, 1)
  }))

test('Nftables.listRules() gives handles and comments, by which rules are deleted, replaced and put in place', () =>
  withTable(async (nft, host) => {
    const [second] = await nft.transaction((batch) =>
      batch.addRule(rule(web, meta.iifname.is('b'), comment('second')), { echo: true }),
    )
    assert.ok(second)
    await nft.transaction((batch) => {
      batch.insertRule(rule(web, meta.iifname.is('a'), comment('first')))
      batch.addRule(rule(web, meta.iifname.is('d'), comment('last')))
      batch.addRule(rule(web, meta.iifname.is('c'), comment('third')), { at: second.handle })
    })
    const rules = await nft.listRules(web)
    assert.deepEqual(
      rules.map(({ comment }) => comment),
      ['first', 'second', 'third', 'last'],
    )
    const shown = json(host, 'rule').map(({ handle, comment }) => [BigInt(Number(handle)), comment])
    assert.deepEqual(
      rules.map(({ handle, comment }) => [handle, comment]),
      shown,
    )
    const third = rules[2]
    assert.ok(third)
    await nft.transaction((batch) => {
      batch.deleteRule(second)
      batch.replaceRule(rule(web, verdict.accept), third.handle)
    })
    assert.deepEqual(listedRules(host, web), ['iifname "a" comment "first"', 'accept', 'iifname "d" comment "last"'])
    await nft.transaction((batch) => batch.flushChain(web))
    assert.deepEqual(listedRules(host, web), [])
    await assert.rejects(
      nft.transaction((batch) => batch.deleteRule(second)),
      { code: 'ENOENT' },
    )
  }))

test('the getters of Nftables know what nft has made, and what is not there', () =>
  withNamespaces(['host'], async ({ host }) => {
    using nft = Nftables.open({ netns: host.netns })
    runIn(host, 'nft', 'add', 'table', 'ip', 'x', '{ comment "theirs" ; }')
    runIn(host, 'nft', 'add', 'chain', 'ip', 'x', 'c', '{ type nat hook output priority -100 ; policy drop ; }')
    runIn(host, 'nft', 'add', 'set', 'ip', 'x', 's', '{ type ether_addr . ifname ; comment "of them" ; size 7 ; }')
    runIn(host, 'nft', 'add', 'counter', 'ip', 'x', 'n')
    const x = { family: 'ip', name: 'x' } as const
    assert.equal((await nft.findTable(x))?.comment, 'theirs')
    assert.deepEqual(
      (await nft.listTables()).map(({ name }) => name),
      ['x'],
    )
    const { base, name } = (await nft.findChain({ table: x, name: 'c' })) ?? {}
    assert.deepEqual([name, base], ['c', { type: 'nat', hook: 'output', priority: -100, policy: 'drop' }])
    assert.equal((await nft.listChains(x)).length, 1)
    const set = await nft.findSet({ table: x, name: 's' })
    assert.deepEqual(
      [set?.comment, set?.size, [set?.key].flat().map((type) => type?.name)],
      ['of them', 7, ['ether_addr', 'ifname']],
    )
    assert.equal((await nft.listSets(x)).length, 1)
    assert.deepEqual(
      (await nft.listObjects(x)).map(({ name, state }) => [name, state.kind]),
      [['n', 'counter']],
    )
    const none = { table: { family: 'ip6', name: 'x' }, name: 'none' } as const
    assert.deepEqual(await Promise.all([nft.findTable(none.table), nft.findChain(none), nft.findSet(none)]), [
      undefined,
      undefined,
      undefined,
    ])
    assert.deepEqual(await nft.listRules(none), [])
    assert.deepEqual(await nft.listElements(namedSet({ ...none, key: ipv4Addr })), [])
  }))

test('Nftables.snapshot() reads again when the rules changed meanwhile', () =>
  withTable(async (nft, host) => {
    let calls = 0
    const count = await nft.snapshot(async () => {
      const rules = await nft.listRules(web)
      if (calls++ < 2) runIn(host, 'nft', 'add', 'rule', 'inet', 't', 'web', 'counter')
      return rules.length
    })
    assert.deepEqual([count, calls], [2, 3])
  }))

test('Nftables.close() gives the descriptor back once the kernel is done', () =>
  withTable(async (_nft, host) => {
    const socket = openNetfilterSocket({ netns: host.netns })
    const nft = new Nftables(socket)
    await nft.transaction((batch) => batch.deleteTable(table))
    nft.close()
    const isOpen = () => existsSync(`/proc/self/fd/${socket.fd}`)
    for (const end = Date.now() + 5000; isOpen() && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 1))
    assert.equal(isOpen(), false)
    await assert.rejects(nft.getGeneration(), { message: 'Cannot use this netlink socket: it is closed' })
  }))
