import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainName, isNameInComment, ownerComment, parseOwnerComment } from '../../../src/rules/iptables/chain-name.ts'

const owner = { name: 'net1', containerId: 'c1' }

test('chainName() gives the names of the reference', () => {
  assert.equal(chainName('', owner), 'CNI-c2d892b58e87e28a12fe6479')
  assert.equal(chainName('DN-', owner), 'CNI-DN-c2d892b58e87e28a12fe6')
})

test('parseOwnerComment() finds the owner that ownerComment() wrote', () => {
  assert.equal(ownerComment(owner), 'name: "net1" id: "c1"')
  assert.deepEqual(parseOwnerComment(ownerComment(owner)), owner)
  assert.deepEqual(parseOwnerComment('dnat name: "a.b_c-D" id: ""'), { name: 'a.b_c-D', containerId: '' })
  for (const text of ['', 'name: "net1" id: "c..', 'name: "net1"', 'id: "c1"'])
    assert.equal(parseOwnerComment(text), undefined)
})

test('ownerComment() fits into 255 bytes: beyond, both names end in a hash and are known again', () => {
  const long = { name: 'n'.repeat(150), containerId: 'c'.repeat(90) }
  assert.equal(ownerComment(long).length, 255)
  assert.deepEqual(parseOwnerComment(ownerComment(long)), long)
  const longer = { ...long, containerId: 'c'.repeat(91) }
  const found = parseOwnerComment(ownerComment(longer))
  assert.ok(found && ownerComment(longer).length <= 250)
  assert.ok(isNameInComment(found.name, longer.name) && isNameInComment(found.containerId, longer.containerId))
  assert.ok(!isNameInComment(found.name, `${longer.name}n`))
})
