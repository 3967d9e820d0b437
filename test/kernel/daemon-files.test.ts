import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bridgeConfig, DaemonLab } from '../lab/daemon-lab.ts'

let lab: DaemonLab
before(async () => {
  lab = await DaemonLab.open()
})
after(() => lab[Symbol.dispose]())

/** Calls of others, and the status, get their answers. */
function assertServes(): void {
  const config = bridgeConfig({ name: 'other' })
  for (const command of ['ADD', 'DEL'])
    assert.equal(lab.call(command, config, { containerId: 'other', ifName: 'eth9' }).status, 0)
  assert.ok(lab.status().rssBytes < 200 * 2 ** 20)
}

test('a resolvConf that is no regular file, or has no end, is an error and stops nobody', () => {
  lab.world.shell('mkfifo /run/fifo; head -c 2000000 /dev/zero >/run/large')
  for (const [path, why] of [
    ['/run/fifo', 'it is no regular file'],
    ['/dev/zero', 'it is no regular file'],
    ['/run/large', 'it has more than 1048576 bytes'],
  ] as const) {
    const ipam = { type: 'host-local', subnet: '10.8.0.0/24', resolvConf: path }
    const { status, stdout } = lab.call('ADD', bridgeConfig({ name: 'n2', ipam }))
    assert.equal(status, 1)
    assert.equal(JSON.parse(stdout).msg, `Cannot read "${path}": ${why}`)
    assertServes()
  }
  assert.equal(lab.world.shell('ip -br link show type veth'), '')
})

test('files among the leases that are no regular files, or have no end, stop nobody', () => {
  const files = ['10.7.0.2', 'last_reserved_ip.0', '.patchbay.boot', '.patchbay.index', 'lock']
  for (const make of ['mkfifo', 'ln -s /dev/zero'])
    for (const file of files) {
      lab.world.shell(`rm -rf /var/lib/cni/networks/n1; mkdir -p /var/lib/cni/networks/n1
        ${make} /var/lib/cni/networks/n1/${file}`)
      for (const command of ['ADD', 'CHECK', 'DEL', 'GC']) lab.call(command, bridgeConfig())
      assertServes()
    }
})
