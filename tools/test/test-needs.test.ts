import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRepository, workspaceRoot } from '../repository.ts'
import { needsOf } from '../test-needs.ts'
import { checkout } from './checkout.ts'

test('needsOf() finds the programs that a test runs itself, in a shell, or by a module', (t) => {
  const repository = checkout(t, {
    'test/kernel/a.test.ts': `import { list } from './b.ts'\nspawnSync('ip', ['link'])`,
    'test/kernel/b.ts': `export { c } from '../c.ts'\nexport const list = () => sh('cat x; nft list ruleset')`,
    'test/c.ts': 'const c = `iptables-save -t nat`',
    'test/kernel/none.test.ts': `const ip = { nft: 1 }; // the address is an ip\nassert(ip.nft, '/proc/net/ip_tables')`,
  })
  assert.deepEqual([...needsOf(repository, 'test/kernel/a.test.ts')], ['ip', 'nft', 'iptables'])
  assert.deepEqual([...needsOf(repository, 'test/kernel/none.test.ts')], [])
})

test('needsOf() finds what the tests of this repository are known to ask', () => {
  const repository = openRepository(workspaceRoot())
  const needs = (file: string): readonly string[] => [...needsOf(repository, file)]
  assert.ok(needs('test/kernel/firewalld.test.ts').includes('firewall-cmd'))
  assert.ok(needs('test/kernel/firewalld.test.ts').includes('dbus-daemon'))
  assert.ok(needs('test/kernel/linux-conntrack.test.ts').includes('conntrack'))
  assert.ok(needs('test/conformance/portmap-iptables.test.ts').includes('iptables'))
  assert.ok(needs('test/conformance/host-local.test.ts').includes('reference plugins'))
  assert.deepEqual(needs('test/promises/as-a-dependency.test.ts'), [])
})
