import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bridgeConfig, DaemonLab } from '../lab/daemon-lab.ts'

let lab: DaemonLab
before(async () => {
  lab = await DaemonLab.open(['c1', 'c2'])
})
after(() => lab[Symbol.dispose]())

/** How many calls the daemon leaves to their shims meanwhile. */
function refused(work: () => void): number {
  const before = lab.status().refused
  work()
  return lab.status().refused - before
}

test('paths that depend on the current directory are looked up in that of the caller', () => {
  const wrapper = ['sh', '-ec', 'cd /run/netns && "$@"', 'sh']
  const refusals = refused(() => {
    const options = { wrapper, env: { CNI_NETNS: 'c2' }, containerId: 'c2' }
    const { status, stdout } = lab.call('ADD', bridgeConfig(), options)
    assert.equal(status, 0, stdout)
  })
  assert.equal(refusals, 1)
  assert.match(lab.world.shell('ip -n c2 -br link'), /^eth0@/m)
})

test('a namespace that the caller holds open is its own, and never what the daemon has under that number', () => {
  const wrapper = ['sh', '-ec', 'exec 9</run/netns/c2; "$@"', 'sh']
  for (const path of ['/proc/self/fd/9', '/dev/fd/9']) {
    const options = { wrapper, env: { CNI_NETNS: path }, containerId: 'held', ifName: 'eth9' }
    const refusals = refused(() => {
      const { status, stdout } = lab.call('ADD', bridgeConfig(), options)
      assert.equal(status, 0, stdout)
    })
    assert.equal(refusals, 1)
    assert.match(lab.world.shell('ip -n c2 -br link'), /^eth9@/m)
    assert.equal(lab.call('DEL', bridgeConfig(), options).status, 0)
    assert.doesNotMatch(lab.world.shell('ip -n c2 -br link'), /^eth9@/m)
  }
})
