import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bandwidth } from '@patchbay/plugins/bandwidth'
import { bridge } from '@patchbay/plugins/bridge'
import { type CallOptions, type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { rateOf, Transfer } from '../lab/transfer.ts'
import { ip, ipJson, type JsonObject, linkNames, runIn } from '../lab/witness.ts'

/** Attaches a container to a bridge; gives the result, and the host's end of its pair. */
async function attach(lab: PluginLab, options: CallOptions = {}): Promise<{ prevResult: JsonObject; hostEnd: string }> {
  const config = { bridge: 'b0', isGateway: true, ipam: { type: 'ipam' } }
  const prevResult = await lab.add(bridge, config, options)
  const interfaces = prevResult['interfaces'] as JsonObject[]
  return { prevResult, hostEnd: String(interfaces[1]?.['name']) }
}

/** The devices by which packets from containers pass. */
const ifbs = ({ host }: PluginLab): string[] => linkNames(host).filter((name) => name.startsWith('bwp'))

function rateInBits(rate: number): JsonObject {
  const burst = rate / 10
  return { ingressRate: rate, ingressBurst: burst, egressRate: rate, egressBurst: burst }
}

/** Packets never leave more quickly than that by a tenth. A busy machine may send less, but now and then comes as near. */
async function assertRate({ host }: PluginLab, link: string, rate: number): Promise<void> {
  const measured: number[] = []
  while (measured.length < 20 && !measured.some((each) => each >= 0.9 * rate))
    measured.push(await rateOf(host, link, { settled: rate / 40, seconds: 1 }))
  const fastest = Math.max(...measured)
  assert.ok(Math.abs(fastest - rate) <= rate / 10, `${measured.join(', ')} bits a second by ${link}`)
}

for (const rate of [10_000_000, 100_000_000])
  test(`bandwidth limits what a container receives and sends to ${rate / 1e6} Mbit/s`, () =>
    withLab(async (lab) => {
      const { prevResult, hostEnd } = await attach(lab)
      const result = await lab.add(bandwidth, { ...rateInBits(rate), prevResult })
      const device = (result['interfaces'] as JsonObject[]).at(-1)?.['name']
      assert.deepEqual(ifbs(lab), [device])
      const { host, container } = lab
      for (const [from, to, address, link] of [
        [host, container, '10.1.2.3', hostEnd],
        [container, host, '10.1.2.1', String(device)],
      ] as const) {
        using _ = await Transfer.start(from, to, address)
        await assertRate(lab, link, rate)
      }
      assert.equal((await lab.call(bandwidth, 'CHECK', { ...rateInBits(rate), prevResult: result })).status, 0)
    }))

test('bandwidth ADD again changes the limits, and DEL and GC delete the device', () =>
  withLab(async (lab) => {
    const { prevResult, hostEnd } = await attach(lab)
    await lab.add(bandwidth, { ...rateInBits(10_000_000), prevResult })
    const config = { ...rateInBits(20_000_000), prevResult }
    await lab.add(bandwidth, config)
    const [device = ''] = ifbs(lab)
    for (const link of [hostEnd, device])
      assert.match(runIn(lab.host, 'tc', 'qdisc', 'show', 'dev', link), /qdisc tbf 1: root .* rate 20Mbit /)
    await lab.del(bandwidth, config, { netns: '/run/netns/absent' })
    assert.deepEqual(ifbs(lab), [])
    await lab.del(bandwidth, {})
    await lab.add(bandwidth, config)
    assert.equal((await lab.call(bandwidth, 'GC', { 'cni.dev/valid-attachments': [] })).status, 0)
    assert.deepEqual(ifbs(lab), [])
  }))

test('bandwidth: two interfaces of a container in one network have a device each', () =>
  withLab(async (lab) => {
    const second = { ifName: 'eth1' }
    const limits = rateInBits(10_000_000)
    const first = await attach(lab)
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.4/24', gateway: '10.1.2.1' }] }
    const other = await attach(lab, second)
    await lab.add(bandwidth, { ...limits, prevResult: first.prevResult })
    await lab.add(bandwidth, { ...limits, prevResult: other.prevResult }, second)
    assert.equal(ifbs(lab).length, 2)
    const alive = { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth1' }] }
    assert.equal((await lab.call(bandwidth, 'GC', alive)).status, 0)
    assert.equal(ifbs(lab).length, 1)
    assert.equal((await lab.call(bandwidth, 'CHECK', { ...limits, prevResult: other.prevResult }, second)).status, 0)
    await lab.del(bandwidth, {})
    assert.equal(ifbs(lab).length, 1)
    await lab.del(bandwidth, {}, second)
    assert.deepEqual(ifbs(lab), [])
  }))

test('bandwidth DEL deletes the device of the reference, and GC leaves what is of nobody known', () =>
  withLab(async (lab) => {
    ip(lab.host, 'link', 'add', 'name', 'bwp0123456789ab', 'type', 'ifb')
    const { prevResult } = await attach(lab)
    const config = { ...rateInBits(10_000_000), prevResult }
    const result = await lab.add(bandwidth, config)
    const device = String((result['interfaces'] as JsonObject[]).at(-1)?.['name'])
    ip(lab.host, 'link', 'set', 'dev', device, 'alias', '', 'group', 'default')
    await lab.del(bandwidth, config)
    assert.deepEqual(ifbs(lab), ['bwp0123456789ab'])
    assert.equal((await lab.call(bandwidth, 'GC', { 'cni.dev/valid-attachments': [] })).status, 0)
    assert.deepEqual(ifbs(lab), ['bwp0123456789ab'])
  }))

test('bandwidth ADD that fails leaves nothing', () =>
  withLab(async (lab) => {
    const { prevResult, hostEnd } = await attach(lab)
    const before = runIn(lab.host, 'tc', 'qdisc', 'show')
    runIn(lab.host, 'tc', 'qdisc', 'add', 'dev', hostEnd, 'root', 'handle', '7:', 'htb')
    const { document } = await lab.call(bandwidth, 'ADD', { ...rateInBits(10_000_000), prevResult })
    assert.equal(document['msg'], 'create qdisc: file exists')
    runIn(lab.host, 'tc', 'qdisc', 'del', 'dev', hostEnd, 'root')
    assert.equal(runIn(lab.host, 'tc', 'qdisc', 'show'), before)
    assert.deepEqual(ifbs(lab), [])
  }))

test('bandwidth CHECK names what differs', () =>
  withLab(async (lab) => {
    const { prevResult, hostEnd } = await attach(lab)
    const config = { ...rateInBits(8_000_000), prevResult }
    const complaint = async (keys: JsonObject = {}) =>
      String((await lab.call(bandwidth, 'CHECK', { ...config, ...keys })).document['msg'])
    await lab.add(bandwidth, config)
    const [device = ''] = ifbs(lab)
    assert.equal(
      await complaint({ ingressRate: 16_000_000 }),
      `Rate doesn't match: link "${hostEnd}" has 1000000 instead of 2000000`,
    )
    assert.match(await complaint({ egressBurst: 16_000 }), new RegExp(`^Limit doesn't match: link "${device}" has `))
    runIn(lab.host, 'tc', 'filter', 'del', 'dev', hostEnd, 'ingress')
    assert.match(
      await complaint(),
      new RegExp(`^Failed to find filter: link "${hostEnd}" sends nothing to "${device}"`),
    )
    runIn(lab.host, 'tc', 'qdisc', 'del', 'dev', hostEnd, 'root')
    assert.match(await complaint(), new RegExp(`^Failed to find qdisc: link "${hostEnd}" has no token bucket filter`))
    await lab.add(bandwidth, config)
    ip(lab.host, 'link', 'delete', device)
    assert.match(await complaint(), /^Failed to find IFB device "bwp\w+" of container "c1"/)
  }))

test('bandwidth takes the limits of the runtime where the configuration has none', () =>
  withLab(async (lab) => {
    const { prevResult, hostEnd } = await attach(lab)
    const runtimeConfig = { bandwidth: { ingressRate: 8_000_000, ingressBurst: 80_000 } }
    await lab.add(bandwidth, { runtimeConfig, prevResult })
    assert.match(runIn(lab.host, 'tc', 'qdisc', 'show', 'dev', hostEnd), /tbf .* rate 8Mbit /)
    assert.deepEqual(ifbs(lab), [])
    await lab.add(bandwidth, { egressRate: 8_000_000, egressBurst: 80_000, runtimeConfig, prevResult })
    assert.equal(ifbs(lab).length, 1)
    assert.deepEqual(await lab.add(bandwidth, { ingressRate: 0, runtimeConfig, prevResult }), prevResult)
  }))

test('bandwidth refuses a rate without burst, and numbers that cannot be', () =>
  withLab(async (lab) => {
    const { prevResult } = await attach(lab)
    for (const [keys, message] of [
      [{ ingressRate: 8 }, 'if rate is set, burst must also be set'],
      [{ egressBurst: 8 }, 'if burst is set, rate must also be set'],
      [{ ingressRate: 8, ingressBurst: 8 * 2 ** 32 }, 'burst cannot be more than 4GB'],
      [{ egressRate: 7, egressBurst: 8 }, 'Cannot use key "egressRate": 7 bits a second are less than a byte'],
    ] as const)
      assert.equal((await lab.call(bandwidth, 'ADD', { ...keys, prevResult })).document['msg'], message)
    assert.deepEqual(ipJson(lab.host, 'link', 'show', 'type', 'ifb'), [])
  }))
