import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { ping } from '@patchbay/linux/packet'
import { loopback } from '@patchbay/plugins/loopback'
import { withLab } from '../lab/plugin-lab.ts'
import { ip, ipJsonOne } from '../lab/witness.ts'

test('loopback ADD sets lo up, so that a container reaches itself, and DEL sets it down', () =>
  withLab(async (lab) => {
    const { netns } = lab.container
    await assert.rejects(ping({ netns, to: parseIP('127.0.0.1') }), { code: 'ENETUNREACH' })
    const result = await lab.add(loopback, {})
    for (const to of ['127.0.0.1', '::1']) assert.equal((await ping({ netns, to: parseIP(to) })).length, 1)
    assert.deepEqual(result, {
      cniVersion: '1.1.0',
      interfaces: [{ mac: '00:00:00:00:00:00', name: 'lo', sandbox: lab.container.path }],
      ips: [
        { address: '127.0.0.1/8', interface: 0 },
        { address: '::1/128', interface: 0 },
      ],
    })
    await lab.del(loopback, {})
    assert.deepEqual(ipJsonOne(lab.container, 'link', 'show', 'lo')['flags'], ['LOOPBACK'])
  }))

test('loopback changes the container alone, whatever the interface is called', () =>
  withLab(async (lab) => {
    await lab.add(loopback, {}, { ifName: 'eth0' })
    assert.deepEqual(ipJsonOne(lab.host, 'link', 'show', 'lo')['flags'], ['LOOPBACK'])
    assert.deepEqual(ipJsonOne(lab.container, 'link', 'show', 'lo')['flags'], ['LOOPBACK', 'UP', 'LOWER_UP'])
  }))

test('loopback CHECK tells whether lo is up', () =>
  withLab(async (lab) => {
    const down = await lab.call(loopback, 'CHECK', {})
    assert.deepEqual([down.status, down.document['msg']], [1, 'loopback interface is down'])
    ip(lab.container, 'link', 'set', 'lo', 'up')
    assert.deepEqual(await lab.call(loopback, 'CHECK', {}), { status: 0, document: {}, stderr: '' })
  }))

test('loopback ADD refuses an interface with an address of another network', () =>
  withLab(async (lab) => {
    ip(lab.container, 'address', 'add', '10.0.0.1/32', 'dev', 'lo')
    const { document } = await lab.call(loopback, 'ADD', {})
    assert.equal(document['msg'], 'loopback interface found with non-loopback address "10.0.0.1"')
    assert.deepEqual(ipJsonOne(lab.container, 'link', 'show', 'lo')['flags'], ['LOOPBACK'])
  }))

test('loopback DEL is content with a namespace that is gone, and not with a file that is none', () =>
  withLab(async (lab) => {
    await lab.del(loopback, {}, { netns: '' })
    await lab.del(loopback, {}, { netns: '/run/netns/absent' })
    const { document } = await lab.call(loopback, 'DEL', {}, { netns: '/etc/passwd' })
    assert.match(String(document['msg']), /unknown FS magic on "\/etc\/passwd"/)
  }))
