import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetlinkError } from '@patchbay/linux/netlink'
import { EitherBackend } from '../../src/rules/backends.ts'
import { UnsupportedRulesError } from '../../src/rules/ruleset/index.ts'

const ENOENT = 2
const refusal = new NetlinkError('NFT_MSG_NEWRULE', ENOENT, { object: 'rule inet patchbay c' })
const lacking = new UnsupportedRulesError(refusal)

function make() {
  const loaded: string[] = []
  const iptables = async () => {
    loaded.push('iptables')
    return 'iptables'
  }
  return { either: new EitherBackend('nftables', { iptables }), loaded }
}

const failing = (error: Error) => async (backend: string) => {
  if (backend === 'nftables') throw error
  return backend
}

test('EitherBackend adds by iptables only when the kernel lacks something', async () => {
  const { either, loaded } = make()
  assert.equal(await either.add(async (backend) => backend), 'nftables')
  await assert.rejects(either.add(failing(new Error('busy'))), /^Error: busy$/)
  assert.deepEqual([either.used, loaded], ['nftables', []])
  assert.equal(await either.add(failing(lacking)), 'iptables')
  assert.deepEqual([either.used, loaded], ['iptables', ['iptables']])
})

test('EitherBackend says what the kernel lacks when iptables fails as well', async () => {
  const { either } = make()
  const add = async (backend: string) => {
    throw backend === 'nftables' ? lacking : new Error('no such program')
  }
  await assert.rejects(either.add(add), { message: `${lacking.message}; and by iptables: no such program` })
  assert.equal(either.used, 'iptables')
})
