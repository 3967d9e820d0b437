import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainName, ownerComment, parseOwnerComment } from '../../src/iptables/chain-name.ts'

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
