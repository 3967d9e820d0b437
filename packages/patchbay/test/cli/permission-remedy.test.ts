import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SystemError } from '@patchbay/linux/sys'
import { type Identity, ownIdentity, permissionRemedy } from '../../src/cli/permission-remedy.ts'

const user: Identity = { uid: 1000, capabilities: 0n }
const root: Identity = { uid: 0, capabilities: (1n << 41n) - 1n }
const contained: Identity = { uid: 0, capabilities: (1n << 13n) | (1n << 21n) }

const refused = new SystemError('socket', 1)
const wrapped = new Error(`plugin failed: ${refused.message}`, { cause: new Error('between', { cause: refused }) })
const file = Object.assign(new Error('EACCES: /x'), { code: 'EACCES' })
const unreadable = new Error('open /x: permission denied', { cause: file })

test('permissionRemedy() says to run as root what another user may not do', () => {
  for (const error of [
    refused,
    wrapped,
    unreadable,
    new AggregateError([new Error('x'), unreadable], unreadable.message),
  ])
    assert.equal(permissionRemedy(error, user), 'run it as root')
})

test('permissionRemedy() names the capabilities that root lacks', () => {
  assert.equal(permissionRemedy(wrapped, contained), 'root lacks CAP_NET_ADMIN here')
  assert.equal(permissionRemedy(wrapped, root), undefined)
})

test('permissionRemedy() has nothing to say of other errors, and of those that have a remedy', () => {
  const mended = new Error('Cannot reach it: permission denied; ask as another user', { cause: file })
  for (const error of [new Error('permission denied'), mended, new SystemError('open', 2), 'permission denied'])
    assert.equal(permissionRemedy(error, user), undefined)
})

test('ownIdentity() is what the system says of this process', () => {
  assert.equal(ownIdentity().uid, process.geteuid?.())
})
