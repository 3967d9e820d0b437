import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { ptp } from '@patchbay/plugins/ptp'
import { eventually } from '../lab/namespace-fixture.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, type JsonObject, linkNames } from '../lab/witness.ts'

const config: JsonObject = { ipam: { type: 'ipam' } }
const twoAddresses: JsonObject = {
  cniVersion: '1.1.0',
  ips: [
    { address: '10.1.2.3/24', gateway: '10.1.2.1' },
    { address: '10.1.3.3/24', gateway: '10.1.3.1' },
    { address: 'fd00::3/64', gateway: 'fd00::1' },
  ],
}

/** The IPv4 routes of the host whose deletion `ip monitor` tells of: never those that go with their link. */
async function routesDeletedBy({ host }: PluginLab, work: () => Promise<void>): Promise<string[]> {
  let told = ''
  const monitor = spawn('nsenter', [`--net=${host.path}`, '--', 'ip', '-4', '-oneline', 'monitor', 'route'])
  monitor.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  const mark = (address: string) =>
    eventually(() => {
      for (const action of ['add', 'delete']) ip(host, 'route', action, 'blackhole', address)
      return told.includes(address)
    }, 'what ip monitor tells')
  try {
    await mark('192.0.2.1')
    await work()
    await mark('192.0.2.2')
  } finally {
    monitor.kill()
  }
  return [...told.matchAll(/^Deleted (10\..*?) *$/gm)].map(([, route = '']) => route)
}

test('ptp DEL deletes the routes to the container before its pair, where the runtime tells what ADD returned', () =>
  withLab(async (lab) => {
    lab.ipam = twoAddresses
    const prevResult = await lab.add(ptp, config)
    const end = linkNames(lab.host).find((name) => name.startsWith('veth'))
    const deleted = await routesDeletedBy(lab, () => lab.del(ptp, { ...config, prevResult }))
    assert.deepEqual(deleted, [`10.1.2.3 dev ${end} scope host`, `10.1.3.3 dev ${end} scope host`])
    assert.deepEqual(linkNames(lab.host), ['lo'])
  }))

test('ptp DEL leaves a route to the container by another link', () =>
  withLab(async (lab) => {
    ip(lab.host, 'link', 'add', 'br0', 'type', 'bridge')
    ip(lab.host, 'link', 'set', 'br0', 'up')
    ip(lab.host, 'route', 'add', '10.1.2.3', 'dev', 'br0', 'scope', 'host')
    lab.ipam = twoAddresses
    const prevResult = await lab.add(ptp, config)
    await lab.del(ptp, { ...config, prevResult })
    await lab.del(ptp, { ...config, prevResult })
    assert.match(ip(lab.host, 'route', 'show'), /^10\.1\.2\.3 dev br0 scope host/)
    assert.deepEqual(linkNames(lab.host), ['br0', 'lo'])
  }))
