import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { tuning } from '@patchbay/plugins/tuning'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { assertShows, ip, ipJsonOne, type JsonObject, runIn } from '../lab/witness.ts'

const folder = '/run/cni/tuning'
const backup = `${folder}/c1_eth0.json`
const mac = '02:00:00:00:00:AA'

/** Makes the container's interface; gives what a plugin in front of this one would have said. */
function attach({ container }: PluginLab): JsonObject {
  ip(container, 'link', 'add', 'name', 'eth0', 'type', 'veth', 'peer', 'name', 'far')
  ip(container, 'link', 'set', 'eth0', 'address', '02:00:00:00:00:01')
  return { interfaces: [{ name: 'far' }, { name: 'eth0', mac: '02:00:00:00:00:01', sandbox: container.path }] }
}

function withLink(work: (lab: PluginLab, prevResult: JsonObject) => Promise<void>): Promise<void> {
  return withLab((lab) => work(lab, { cniVersion: '1.1.0', ...attach(lab) }))
}

const show = ({ container }: PluginLab) => ipJsonOne(container, 'link', 'show', 'eth0')
const before = { address: '02:00:00:00:00:01', mtu: 1500, txqlen: 1000, flags: ['BROADCAST', 'MULTICAST', 'M-DOWN'] }

/** Has this file's mounts show a folder as empty, until disposed. */
function emptyFolder(path: string): Disposable {
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'none', path]).status, 0)
  return { [Symbol.dispose]: () => void spawnSync('umount', [path]) }
}

function sysctl({ container }: PluginLab, name: string): string {
  return runIn(container, 'cat', `/proc/sys/net/${name}`).trim()
}

test('tuning ADD sets the interface, CHECK agrees, and DEL sets it back', () =>
  withLink(async (lab, prevResult) => {
    const config = { mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 500, prevResult }
    const result = await lab.add(tuning, config)
    assertShows(show(lab), {
      address: mac.toLowerCase(),
      mtu: 1400,
      txqlen: 500,
      flags: ['BROADCAST', 'MULTICAST', 'ALLMULTI', 'PROMISC', 'M-DOWN'],
    })
    assertShows(result, { interfaces: [{ name: 'far' }, { name: 'eth0', mac, sandbox: lab.container.path }] })
    assert.equal((await lab.call(tuning, 'CHECK', config)).status, 0)
    await lab.del(tuning, config)
    assertShows(show(lab), before)
    assert.equal(existsSync(backup), false)
    await lab.del(tuning, config)
  }))

test('tuning ADD again keeps the backup of the first, which DEL goes back to', () =>
  withLink(async (lab, prevResult) => {
    await lab.add(tuning, { mtu: 1400, prevResult })
    await lab.add(tuning, { mtu: 1300, txQLen: 7, prevResult })
    await lab.del(tuning, { mtu: 1300, prevResult })
    assertShows(show(lab), before)
  }))

test('tuning takes no backup of an interface that the container no longer has', () =>
  withLink(async (lab, prevResult) => {
    await lab.add(tuning, { mtu: 1400, prevResult })
    ip(lab.container, 'link', 'delete', 'eth0')
    ip(lab.container, 'link', 'add', 'name', 'other', 'type', 'veth')
    attach(lab)
    ip(lab.container, 'link', 'set', 'eth0', 'mtu', '1450')
    await lab.add(tuning, { mtu: 1300, prevResult })
    await lab.del(tuning, { prevResult })
    assertShows(show(lab), { mtu: 1450 })
  }))

test('tuning DEL goes back to what the reference has saved', () =>
  withLink(async (lab) => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(backup, '{\n "mac": "02:00:00:00:00:07",\n "promisc": false,\n "mtu": 1234\n}')
    ip(lab.container, 'link', 'set', 'eth0', 'promisc', 'on')
    await lab.del(tuning, {})
    assertShows(show(lab), { ...before, address: '02:00:00:00:00:07', mtu: 1234 })
    assert.equal(existsSync(backup), false)
  }))

test('tuning DEL is content without interface, namespace or backup, and leaves no file', () =>
  withLink(async (lab, prevResult) => {
    await lab.add(tuning, { mtu: 1400, prevResult })
    ip(lab.container, 'link', 'delete', 'eth0')
    await lab.del(tuning, { prevResult })
    assert.equal(existsSync(backup), false)
    attach(lab)
    await lab.add(tuning, { mtu: 1400, prevResult })
    await lab.del(tuning, { prevResult }, { netns: '/run/netns/absent' })
    assert.equal(existsSync(backup), false)
    await lab.del(tuning, {}, { netns: '' })
  }))

test('tuning ADD that fails leaves the interface, the sysctls and the backup as they were', () =>
  withLink(async (lab, prevResult) => {
    const config = { sysctl: { 'net.ipv4.conf.IFNAME.log_martians': '1' }, mac, mtu: 99_999_999, prevResult }
    const { status, document } = await lab.call(tuning, 'ADD', config)
    assert.equal(status, 1)
    assert.match(String(document['msg']), /^Cannot set "mtu" of link "eth0": invalid argument/)
    assertShows(show(lab), before)
    assert.equal(sysctl(lab, 'ipv4/conf/eth0/log_martians'), '0')
    assert.equal(existsSync(backup), false)
  }))

test('tuning ADD sets sysctls of the container, with IFNAME for its interface, and none of the host', () =>
  withLink(async (lab, prevResult) => {
    const key = 'net.ipv4.conf.IFNAME.log_martians'
    const config = { sysctl: { [key]: '1' }, args: { cni: { sysctl: { 'net.core.somaxconn': '500' } } }, prevResult }
    await lab.add(tuning, config)
    assert.equal(sysctl(lab, 'ipv4/conf/eth0/log_martians'), '1')
    assert.equal(sysctl(lab, 'core/somaxconn'), '500')
    assert.notEqual(runIn(lab.host, 'cat', '/proc/sys/net/core/somaxconn').trim(), '500')
    assert.equal((await lab.call(tuning, 'CHECK', config)).status, 0)
    const { document } = await lab.call(tuning, 'CHECK', { ...config, sysctl: { [key]: '2' } })
    assert.equal(
      document['msg'],
      'Error: Tuning configured value of /proc/sys/net/ipv4/conf/eth0/log_martians is 2, current value is 1',
    )
  }))

test('tuning ADD sets only sysctls of the network that the administrator allows', () =>
  withLink(async (lab, prevResult) => {
    const messageOf = async (sysctl: JsonObject) => {
      const { document } = await lab.call(tuning, 'ADD', { sysctl, prevResult })
      return document['msg']
    }
    for (const key of ['kernel.domainname', '/kernel/domainname'])
      assert.match(String(await messageOf({ [key]: 'x' })), /^invalid net sysctl key: "\/?kernel\/domainname"$/)
    // A dot is a slash, so that nothing leads back.
    assert.match(
      String(await messageOf({ 'net/../kernel/domainname': 'x' })),
      /^open \/proc\/sys\/net\/kernel\/domainname: /,
    )
    using _ = emptyFolder('/etc')
    mkdirSync('/etc/cni/tuning', { recursive: true })
    writeFileSync('/etc/cni/tuning/allowlist.conf', 'net\\.core\\..*\n\n  ^net\\.ipv4\\.conf  \n')
    assert.equal(
      await messageOf({ 'net.core.somaxconn': '300', 'net.ipv6.conf.all.forwarding': '1' }),
      'Sysctl net.ipv6.conf.all.forwarding is not allowed. ' +
        'Only the following sysctls are allowed: [net\\.core\\..* ^net\\.ipv4\\.conf]',
    )
    assert.notEqual(sysctl(lab, 'core/somaxconn'), '300')
    assert.equal(await messageOf({ 'net.core.somaxconn': '300' }), undefined)
    writeFileSync('/etc/cni/tuning/allowlist.conf', '(\n')
    assert.match(
      String(await messageOf({ 'net.core.somaxconn': '300' })),
      /^Cannot read "\(" in \/etc\/cni\/tuning\/allowlist.conf: /,
    )
  }))

test('tuning CHECK names what differs', () =>
  withLink(async (lab, prevResult) => {
    const cases: readonly (readonly [JsonObject, string])[] = [
      [{ mac }, `Ethernet of eth0 is ${mac}, current value is 02:00:00:00:00:01`],
      [{ mtu: 1400 }, 'MTU of eth0 is 1400, current value is 1500'],
      [{ allmulti: true }, 'all-multicast mode of eth0 is true, current value is false'],
      [{ txQLen: 5 }, 'Transmit Queue Length of eth0 is 5, current value is 1000'],
    ]
    for (const [keys, message] of cases) {
      const { document } = await lab.call(tuning, 'CHECK', { ...keys, prevResult })
      assert.equal(document['msg'], `Error: Tuning configured ${message}`)
    }
    const { document } = await lab.call(tuning, 'CHECK', { promisc: true, prevResult })
    assert.equal(document['msg'], 'Error: Tuning link eth0 configured promisc is true, current value is 0')
  }))

test('tuning GC removes the backups of the network that nobody needs, and no others', () =>
  withLink(async (lab, prevResult) => {
    await lab.add(tuning, { mtu: 1400, prevResult })
    await lab.add(tuning, { mtu: 1400, prevResult }, { containerId: 'c2' })
    await lab.add(tuning, { mtu: 1400, prevResult, name: 'net2' }, { containerId: 'c3' })
    writeFileSync(`${folder}/c4_eth0.json`, '{ "mtu": 1500 }')
    const valid = { 'cni.dev/valid-attachments': [{ containerID: 'c2', ifname: 'eth0' }] }
    assert.equal((await lab.call(tuning, 'GC', valid)).status, 0)
    const left = ['c1', 'c2', 'c3', 'c4'].filter((id) => existsSync(`${folder}/${id}_eth0.json`))
    assert.deepEqual(left, ['c2', 'c3', 'c4'])
    assert.equal((await lab.call(tuning, 'GC', {})).status, 0)
    assert.equal(JSON.parse(readFileSync(`${folder}/c2_eth0.json`, 'utf8')).network, 'net1')
  }))

test('tuning refuses numbers that no interface takes', () =>
  withLink(async (lab, prevResult) => {
    for (const [key, value] of [
      ['mtu', -1],
      ['txQLen', -1],
      ['txQLen', 2 ** 31],
    ] as const) {
      const { document } = await lab.call(tuning, 'ADD', { [key]: value, prevResult })
      assert.equal(document['msg'], `Cannot use key "${key}": ${value} is not from 0 to 2147483647`)
    }
  }))
