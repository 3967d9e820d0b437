import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseResult } from '@patchbay/cni/types'
import { firewallBy } from '@patchbay/plugins/firewall'
import type * as FirewalldModule from '../../packages/plugins/src/meta/firewall/firewalld/firewalld.ts'
import type * as BackendModule from '../../packages/plugins/src/meta/firewall/firewalld/firewalld-backend.ts'
import { eventually } from '../lab/namespace-fixture.ts'
import { withLab } from '../lab/plugin-lab.ts'
import { runIn } from '../lab/witness.ts'

const built = new URL('../../../packages/plugins/dist/src/meta/firewall/firewalld/', import.meta.url).href
const { firewalld }: typeof FirewalldModule = await import(`${built}firewalld.js`)
const { findFirewalld }: typeof BackendModule = await import(`${built}firewalld-backend.js`)

const folder = mkdtempSync(join(tmpdir(), 'firewalld-'))
const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${folder}/bus` }
const running: ChildProcess[] = []

/** A system bus on which everyone may do everything. */
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>`

/** firewalld changes the packet filter of its network namespace and writes to /run. */
const startFirewalld = `mount -t tmpfs none /run
exec firewalld --nofork --nopid --log-file "$1/log"`

function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { env, stdio: 'ignore' })
  running.push(child)
  return child
}

function firewallCmd(...args: string[]): string {
  const { stdout, stderr, status, error } = spawnSync('firewall-cmd', args, { env, encoding: 'utf8' })
  if (error) throw error
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

/** What firewalld says that a zone has, sorted. */
function sourcesOf(zone: string): string[] {
  return firewallCmd(`--zone=${zone}`, '--list-sources').split(' ').filter(Boolean).sort()
}

before(async () => {
  writeFileSync(join(folder, 'bus.conf'), busConfig)
  start('dbus-daemon', `--config-file=${folder}/bus.conf`, '--nofork', '--nopidfile')
  await eventually(() => existsSync(join(folder, 'bus')), 'the message bus')
})

after(async () => {
  for (const child of running.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill()
    await ended
  }
  rmSync(folder, { recursive: true })
})

const service = firewalld({ env })

/** `firewall` as a chained plugin after one that gave these addresses. */
const config = {
  prevResult: { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24' }, { address: 'fd00::3/64' }] },
}
const plugin = firewallBy((request, options) => findFirewalld({ ...request, env }, options))

test('isRunning() is false on a bus without firewalld', async () => {
  assert.equal(await service.isRunning(), false)
})

test('firewall with backend firewalld fails where that does not run, but for DEL', () =>
  withLab(async (lab) => {
    const asked = { ...config, backend: 'firewalld' }
    const { status, document } = await lab.call(plugin, 'ADD', asked)
    assert.equal(status, 1)
    assert.equal(document['msg'], 'Cannot use backend "firewalld": firewalld does not run')
    await lab.del(plugin, asked)
  }))

test('isRunning() is true once firewalld is there', async () => {
  start('unshare', '--net', '--mount', '--', 'sh', '-ec', startFirewalld, 'sh', folder)
  const deadline = performance.now() + 20_000
  while (!(await service.isRunning())) {
    assert.ok(performance.now() < deadline, 'firewalld did not come within 20 s')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.equal(firewallCmd('--state'), 'running')
})

test('addSource() and removeSource() change a zone, and are idempotent', async () => {
  for (let time = 0; time < 2; time++) await service.addSource('trusted', '10.0.0.2/32', 'fd00::2/128')
  assert.deepEqual(sourcesOf('trusted'), ['10.0.0.2/32', 'fd00::2/128'])
  assert.equal(await service.querySource('trusted', '10.0.0.2/32'), true)
  assert.equal(await service.querySource('public', '10.0.0.2/32'), false)
  for (let time = 0; time < 2; time++) await service.removeSource('trusted', '10.0.0.2/32', 'fd00::2/128')
  assert.deepEqual(sourcesOf('trusted'), [])
})

test('addSource() fails where the address is in another zone, and where there is no such zone', async () => {
  firewallCmd('--zone=public', '--add-source=10.0.0.4/32')
  await assert.rejects(service.addSource('trusted', '10.0.0.4/32'), { name: 'DBusError', message: /^ZONE_CONFLICT: / })
  await assert.rejects(service.addSource('nowhere', '10.0.0.5/32'), { name: 'DBusError', message: /^INVALID_ZONE: / })
  firewallCmd('--zone=public', '--remove-source=10.0.0.4/32')
})

test('firewall puts addresses into a zone, finds them gone after a reload, and takes them out', () =>
  withLab(async (lab) => {
    const result = await lab.add(plugin, config)
    assert.equal(parseResult(result).ips?.length, 2)
    assert.deepEqual(sourcesOf('trusted'), ['10.1.2.3/32', 'fd00::3/128'])
    assert.equal((await lab.call(plugin, 'CHECK', config)).status, 0)

    firewallCmd('--reload')
    const { status, document } = await lab.call(plugin, 'CHECK', config)
    assert.equal(status, 1)
    assert.match(String(document['msg']), /"10\.1\.2\.3\/32" in zone "trusted"/)

    await lab.add(plugin, config)
    await lab.del(plugin, config)
    await lab.del(plugin, config)
    assert.deepEqual(sourcesOf('trusted'), [])
  }))

test('firewall takes sources out that a container has left: by DEL without a result, and by GC', () =>
  withLab(async (lab) => {
    const gc = { 'cni.dev/valid-attachments': [{ containerID: 'alive', ifname: 'eth0' }] }
    for (const [command, keys] of [
      ['DEL', {}],
      ['GC', gc],
    ] as const) {
      const alive = { prevResult: { cniVersion: '1.1.0', ips: [{ address: '10.1.2.4/24' }] } }
      await lab.add(plugin, config, { containerId: 'killed' })
      await lab.add(plugin, alive, { containerId: 'alive' })
      assert.deepEqual(sourcesOf('trusted'), ['10.1.2.3/32', '10.1.2.4/32', 'fd00::3/128'])
      assert.equal((await lab.call(plugin, command, keys, { containerId: 'killed' })).status, 0)
      assert.deepEqual(sourcesOf('trusted'), ['10.1.2.4/32'])
      await lab.del(plugin, alive, { containerId: 'alive' })
      assert.deepEqual(sourcesOf('trusted'), [])
    }
  }))

test('firewall leaves a source that another container has by now', () =>
  withLab(async (lab) => {
    await lab.add(plugin, config, { containerId: 'first' })
    await lab.add(plugin, config, { containerId: 'second' })
    for (const keys of [config, {}]) await lab.del(plugin, keys, { containerId: 'first' })
    assert.deepEqual(sourcesOf('trusted'), ['10.1.2.3/32', 'fd00::3/128'])
    await lab.del(plugin, config, { containerId: 'second' })
    assert.deepEqual(sourcesOf('trusted'), [])
  }))

test('firewall uses the zone that the configuration names', () =>
  withLab(async (lab) => {
    const home = { ...config, firewalldZone: 'home' }
    await lab.add(plugin, home)
    assert.deepEqual(sourcesOf('home'), ['10.1.2.3/32', 'fd00::3/128'])
    await lab.del(plugin, home)
    assert.deepEqual(sourcesOf('home'), [])
  }))

test('firewall beside firewalld keeps networks apart by nf_tables, and takes both back', () =>
  withLab(async (lab) => {
    const interfaces = [{ name: 'cni0' }, { name: 'veth1' }, { name: 'eth0', sandbox: '/run/netns/c1' }]
    const isolated = { ingressPolicy: 'isolated', prevResult: { ...config.prevResult, interfaces } }
    await lab.add(plugin, isolated)
    assert.deepEqual(sourcesOf('trusted'), ['10.1.2.3/32', 'fd00::3/128'])
    assert.match(runIn(lab.host, 'nft', 'list', 'ruleset'), /elements = { "veth1" comment/)
    assert.equal((await lab.call(plugin, 'CHECK', isolated)).status, 0)
    await lab.del(plugin, isolated)
    assert.deepEqual(sourcesOf('trusted'), [])
    assert.doesNotMatch(runIn(lab.host, 'nft', 'list', 'ruleset'), /veth1|cni0/)
  }))

test('firewall that is told another backend leaves firewalld alone', () =>
  withLab(async (lab) => {
    const named = { ...config, backend: 'nftables' }
    await lab.add(plugin, named)
    assert.deepEqual(sourcesOf('trusted'), [])
    assert.match(
      runIn(lab.host, 'nft', 'list', 'ruleset'),
      /set firewall-addresses4 {\n.*\n.*= { 10\.1\.2\.3 comment ".*"/,
    )
  }))
