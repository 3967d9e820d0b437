import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJsonOne, type JsonObject, runIn } from '../lab/witness.ts'

const config: JsonObject = { bridge: 'cni0', isGateway: true, ipam: { type: 'ipam' } }
const ofGateway = '0a:58:0a:01:02:01'

function macOf({ host }: PluginLab, name = 'cni0'): string {
  return String(ipJsonOne(host, 'link', 'show', name)['address'])
}

/** How the kernel says that a hardware address came about: 3 is for one that was set, `<linux/netdevice.h>`. */
function originOf({ host }: PluginLab, name = 'cni0'): string {
  const look = `mount -t sysfs sysfs /sys && cat /sys/class/net/${name}/addr_assign_type`
  return runIn(host, 'unshare', '--mount', 'sh', '-c', look).trim()
}

/** A bridge as an ADD finds it, and whether it gets the hardware address of the gateway. */
interface Case {
  make: string[]
  given: boolean
}
const port = ['link add port0 address 02:00:00:00:00:99 type veth peer name port1', 'link set port1 up']
const plugged = [...port, 'link set port0 master cni0 up']
const cases: Record<string, Case> = {
  'an address that was set as it was made': {
    make: ['link add cni0 address 02:00:00:00:00:77 type bridge', 'link set cni0 up'],
    given: false,
  },
  'an address that was set as it was made, and is down': {
    make: ['link add cni0 address 02:00:00:00:00:77 type bridge'],
    given: false,
  },
  'an address that was set later': {
    make: ['link add cni0 type bridge', 'link set cni0 address 02:00:00:00:00:77 up'],
    given: false,
  },
  'the address of a port': { make: ['link add cni0 type bridge', ...plugged, 'link set cni0 up'], given: false },
  'the address of a port that is down': {
    make: ['link add cni0 type bridge', ...plugged, 'link set port0 down', 'link set cni0 up'],
    given: false,
  },
  'an address that was set, and a port': {
    make: ['link add cni0 address 02:00:00:00:00:77 type bridge', ...plugged, 'link set cni0 up'],
    given: false,
  },
  'an address that the kernel made up': { make: ['link add cni0 type bridge', 'link set cni0 up'], given: true },
  'an address that the kernel made up, and is down': { make: ['link add cni0 type bridge'], given: true },
  'no address, since it has lost its ports': {
    make: ['link add cni0 type bridge', ...plugged, 'link set cni0 up', 'link delete port0'],
    given: true,
  },
}

for (const [what, { make, given }] of Object.entries(cases))
  test(`bridge ADD ${given ? 'gives the hardware address of the gateway to' : 'leaves its hardware address to'} a bridge with ${what}`, () =>
    withLab(async (lab) => {
      for (const command of make) ip(lab.host, ...command.split(' '))
      const before = macOf(lab)
      const { interfaces } = await lab.add(bridge, config)
      assert.equal(macOf(lab), given ? ofGateway : before)
      assert.ok(JSON.stringify(interfaces).includes(macOf(lab)))
      // Ports come and go without changing it.
      assert.equal(originOf(lab), '3')
    }))

for (const ports of [[], plugged])
  test(`bridge ADD leaves its hardware address to a bridge whose address was set to what it was, with ${ports.length > 0 ? 'a port' : 'no port'}`, () =>
    withLab(async (lab) => {
      ip(lab.host, 'link', 'add', 'cni0', 'type', 'bridge')
      const before = macOf(lab)
      ip(lab.host, 'link', 'set', 'cni0', 'address', before, 'up')
      for (const command of ports) ip(lab.host, ...command.split(' '))
      await lab.add(bridge, config)
      assert.equal(macOf(lab), before)
    }))

test('bridge ADD that is refused after it has made the bridge leaves the next one to give it its hardware address', () =>
  withLab(async (lab) => {
    const answer = lab.ipam
    lab.ipam = new Error('no addresses')
    await lab.call(bridge, 'ADD', config)
    lab.ipam = answer
    await lab.add(bridge, config)
    assert.equal(macOf(lab), ofGateway)
  }))
