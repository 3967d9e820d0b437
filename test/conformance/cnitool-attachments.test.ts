import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patchbay, reference } from '../lab/implementation.ts'
import type { Outcome } from '../lab/world.ts'
import { cnitool, netns, network, run, succeed, usePlugin, world, writeConfig } from './cnitool-lab.ts'

test('cnitool attaches, checks and detaches a namespace', () => {
  succeed(['add', 'net1', netns])
  assert.match(world.shell('ip -netns c1 -o address show dev eth0'), / 10\.7\.0\.2\/24 /)
  assert.equal(succeed(['check', 'net1', netns]), '')
  world.shell('ip -netns c1 address flush dev eth0')
  const { status, stderr } = run(['check', 'net1', netns])
  assert.equal(status, 1)
  assert.equal(
    stderr,
    'Error: plugin type="bridge" failed (check): Failed to match addr 10.7.0.2/24 on interface eth0; ' +
      'attach the container again: DEL, then ADD\n',
  )
  assert.equal(succeed(['del', 'net1', netns]), '')
  assert.equal(world.shell('ip -netns c1 -o link show | wc -l'), '1\n')
  assert.equal(succeed(['del', 'net1', netns]), '')
})

test('cnitool checks and detaches what was attached by another path of the same namespace', () => {
  world.shell('mkdir /run/elsewhere; ln -s /run/netns /run/elsewhere/link')
  const spellings = ['/run/elsewhere/link/c1', '/var/run/netns/c1', '/proc/self/fd/9']
  const leases = (): string => world.shell('ls /var/lib/cni/networks/net1 | grep ^10 || true')
  for (const spelling of spellings) {
    succeed(['add', 'net1', netns])
    const command = (name: string): Outcome =>
      world.run(['sh', '-c', `exec 9<${netns}; exec "$0" "$@"`, cnitool, name, 'net1', spelling], {
        env: { ...process.env, NETCONFPATH: '/run/net.d', CNI_PATH: patchbay.directory },
      })
    for (const name of ['check', 'del']) {
      const { status, stdout, stderr } = command(name)
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' }, `${name} ${spelling}`)
    }
    assert.doesNotMatch(world.shell('ip -netns c1 -o link show'), / eth0@/)
    assert.equal(world.shell('ls /var/lib/cni/results'), '')
    assert.equal(leases(), '')
  }
})

test('cnitool del finds what was attached by another path when the namespace is gone', () => {
  succeed(['add', 'net1', netns])
  succeed(['add', 'net1', '/run/netns/c2'])
  world.shell('ip netns delete c1')
  succeed(['del', 'net1', '/var/run/netns/c1'])
  assert.equal(world.shell('ls /var/lib/cni/networks/net1 | grep ^10'), '10.7.0.3\n')
})

test('cnitool del leaves other interfaces, other networks and what runtimes have attached alone', () => {
  writeConfig('net2', network({ name: 'net2' }))
  succeed(['add', 'net1', netns])
  succeed(['add', 'net2', netns, '-i', 'eth1'])
  const cache = (): string => world.shell('cd /var/lib/cni/results; ls')
  const before = cache()
  succeed(['del', 'net1', '/var/run/netns/c1', '-i', 'eth1'])
  succeed(['del', 'net2', '/var/run/netns/c1', '-i', 'eth2'])
  assert.equal(cache(), before)
  world.shell(`cd /var/lib/cni/results; rm net2-*
    for file in *; do sed 's/cnitool-[0-9a-f]*/pod-1/' $file >net1-pod-1-eth0; rm $file; done`)
  succeed(['del', 'net1', '/var/run/netns/c1'])
  assert.equal(cache(), 'net1-pod-1-eth0\n')
})

test('cnitool check says that nothing is attached, and what to do', () => {
  const message =
    `Cannot check interface "eth0" of "${netns}": it is not attached to network "net1"; ` +
    `attach it by "cnitool add net1 ${netns}", or name the cache that knows it by --cache-dir`
  const { status, stdout, stderr } = run(['check', 'net1', netns])
  assert.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: `Error: ${message}\n` })
  usePlugin('exit 0', { type: 'own' })
  succeed(['check', 'net1', netns])
  writeConfig('net1', network({ cniVersion: '0.3.1' }))
  assert.match(
    run(['check', 'net1', netns]).stderr,
    /^Error: configuration version "0\.3\.1" does not support the CHECK command\n$/,
  )
})

test('cnitool gc detaches everything of a network, and needs no namespace', () => {
  writeConfig('net2', network({ name: 'net2' }))
  succeed(['add', 'net1', netns])
  succeed(['add', 'net1', '/run/netns/c2'])
  succeed(['add', 'net2', netns, '-i', 'eth1'])
  assert.equal(succeed(['gc', 'net1']), '')
  assert.equal(world.shell('ls /var/lib/cni/results | sed s/-.*//'), 'net2\n')
  assert.match(world.shell('ip -netns c1 -o link show'), / eth1@/)
  assert.doesNotMatch(world.shell('ip -netns c1 -o link show; ip -netns c2 -o link show'), / eth0@/)
  assert.equal(succeed(['gc', 'net2', netns]), '')
  assert.equal(world.shell('ls /var/lib/cni/results'), '')
})

test('cnitool gc collects what no cache knows', () => {
  succeed(['add', 'net1', netns])
  world.shell('rm /var/lib/cni/results/*')
  succeed(['gc', 'net1'])
  assert.doesNotMatch(world.shell('ip -o link show'), / veth/)
  assert.equal(world.shell('ls /var/lib/cni/networks/net1'), 'last_reserved_ip.0\nlock\n')
})

if (reference) {
  const env = { CNI_PATH: reference.directory }
  test('cnitool attaches, checks and detaches with the reference plugins', () => {
    const result = JSON.parse(succeed(['add', 'net1', netns], env))
    assert.equal(result.ips[0].address, '10.7.0.2/24')
    succeed(['check', 'net1', netns], env)
    // Either implementation takes over from the other.
    succeed(['check', 'net1', netns])
    succeed(['del', 'net1', netns])
    assert.doesNotMatch(world.shell('ip -netns c1 -o link show'), / eth0@/)
    assert.equal(world.shell('ls /var/lib/cni/networks/net1'), 'last_reserved_ip.0\nlock\n')
    assert.equal(JSON.parse(succeed(['add', 'net1', netns])).ips[0].address, '10.7.0.3/24')
    succeed(['check', 'net1', netns], env)
    succeed(['gc', 'net1'], env)
    assert.doesNotMatch(world.shell('ip -netns c1 -o link show'), / eth0@/)
    assert.equal(world.shell('ls /var/lib/cni/networks/net1'), 'last_reserved_ip.0\nlock\n')
  })
}
