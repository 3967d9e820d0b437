import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMasqueradeConfig } from '../../../src/rules/masquerade/index.ts'

test('checkMasqueradeConfig() refuses a backend that nobody knows, where it is wanted', () => {
  for (const ipMasqBackend of ['x', '', 'toString'])
    assert.throws(() => checkMasqueradeConfig({ ipMasq: true, ipMasqBackend }), {
      message: `unknown ipmasq backend "${ipMasqBackend}"`,
    })
  checkMasqueradeConfig({ ipMasq: false, ipMasqBackend: 'x' })
  checkMasqueradeConfig({ ipMasq: true })
  for (const ipMasqBackend of ['iptables', 'nftables']) checkMasqueradeConfig({ ipMasq: true, ipMasqBackend })
})
