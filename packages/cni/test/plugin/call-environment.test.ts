import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '../../src/plugin/index.ts'
import { attachment, call, errorText } from './fake-world.ts'

test('dispatch() refuses a template for a name, but not to DEL, which has more than a link to take back', async () => {
  const details = 'the kernel would take it for a template and choose another name'
  for (const command of ['ADD', 'CHECK']) {
    const seen = await call({ name: 'example' }, attachment(command, { CNI_IFNAME: 'eth%d' }))
    assert.equal(seen.stdout, errorText(4, 'interface name contains %', details))
  }
  const deleted: string[] = []
  const del = async ({ ifName }: Request) => void deleted.push(ifName)
  const stdin = { name: 'net', type: 'example' }
  assert.equal((await call({ name: 'example', del }, attachment('DEL', { CNI_IFNAME: 'eth%d' }), { stdin })).status, 0)
  assert.deepEqual(deleted, ['eth%d'])
})
