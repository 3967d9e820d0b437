import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetlinkError } from '@patchbay/linux/netlink'
import { Batch } from '@patchbay/linux/nftables'
import { explainRefusal, inetTable, UnsupportedRulesError } from '../../../src/rules/ruleset/index.ts'

const ENOENT = 2
const EOPNOTSUPP = 95

function batch({ declaresTable }: { declaresTable: boolean }): Batch {
  const made = new Batch()
  if (declaresTable) made.addTable(inetTable)
  made.addChain({ table: inetTable, name: 'c' })
  return made
}

const refusals = {
  'a family, since Linux 6.8': new NetlinkError('NFT_MSG_NEWTABLE', EOPNOTSUPP, { object: 'table inet patchbay' }),
  'a family, before': new NetlinkError('NFT_MSG_NEWCHAIN', ENOENT, { object: 'chain inet patchbay c' }),
  'an expression': new NetlinkError('NFT_MSG_NEWRULE', ENOENT, { object: 'rule inet patchbay c' }),
}

for (const [what, refusal] of Object.entries(refusals))
  test(`explainRefusal() tells that the kernel lacks ${what}`, () => {
    const error = explainRefusal(refusal, batch({ declaresTable: true }))
    assert.ok(error instanceof UnsupportedRulesError)
    assert.match(error.message, /^Cannot add \w+ inet patchbay( c)?: the kernel's nf_tables lacks /)
    assert.equal(error.cause, refusal)
  })

test('explainRefusal() leaves an error as it is when something else may have taken the chain away', () => {
  const refusal = refusals['a family, before']
  assert.equal(explainRefusal(refusal, batch({ declaresTable: false })), refusal)
  const gone = new NetlinkError('NFT_MSG_DELSETELEM', ENOENT)
  assert.equal(explainRefusal(gone, batch({ declaresTable: true })), gone)
  const other = new Error('other')
  assert.equal(explainRefusal(other, batch({ declaresTable: true })), other)
})
