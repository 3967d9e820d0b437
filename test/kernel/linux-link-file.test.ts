import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLinkFile } from '@patchbay/linux/netns'
import { openDescriptors, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip, runIn } from '../lab/witness.ts'

test('readLinkFile() reads what a namespace has of a link, and nothing of the links of another', () =>
  withNamespaces(['one', 'two'], ({ one, two }) => {
    ip(one, 'link', 'add', 'br0', 'address', '02:00:00:00:00:01', 'type', 'bridge')
    const show = 'mount -t sysfs sysfs /sys && cat /sys/class/net/br0/addr_assign_type /sys/class/net/br0/address'
    const shown = runIn(one, 'unshare', '--mount', 'sh', '-c', show)
    const files = ['addr_assign_type', 'address'].map((file) => `${readLinkFile(one.netns, 'br0', file)}\n`)
    assert.equal(files.join(''), shown)
    const path = '/sys/class/net/br0/address'
    const missing = { name: 'SystemError', code: 'ENOENT', syscall: 'open', path }
    assert.throws(() => readLinkFile(two.netns, 'br0', 'address'), missing)
    assert.throws(() => readLinkFile(undefined, 'br0', 'address'), missing)
  }))

test('readLinkFile() leaves no descriptor open', () =>
  withNamespaces(['one'], ({ one }) => {
    readLinkFile(one.netns, 'lo', 'address')
    const before = openDescriptors()
    for (let round = 0; round < 5; round++) readLinkFile(one.netns, 'lo', 'address')
    assert.throws(() => readLinkFile(one.netns, 'lo', 'absent'))
    assert.equal(openDescriptors(), before)
  }))
