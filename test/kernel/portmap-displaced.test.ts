import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { portmap } from '@patchbay/plugins/portmap'
import { testWithOwnMounts } from '../lab/own-mounts.ts'
import { attach, callOptions, type PacketLab, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { mapping, port } from '../lab/portmap-lab.ts'
import { ip, type JsonObject } from '../lab/witness.ts'

const test = testWithOwnMounts(import.meta.url)

/** A container with a port, and another that asks for it; no lease and nothing that a runtime remembers. */
async function contest(place: PacketLab, backend: string | undefined) {
  const { lab } = place
  execFileSync('mount', ['-t', 'tmpfs', 'none', '/var/lib'])
  const configOf = async (who: 'container' | 'other') => {
    const { backend: _, ...config } = mapping(await attach(lab, who), [port(8080)])
    return backend === undefined ? config : { ...config, backend }
  }
  const holder = await configOf('container')
  await lab.add(portmap, holder, callOptions(lab, 'container'))
  const config = await configOf('other')
  const add = () => lab.call(portmap, 'ADD', config, callOptions(lab, 'other'))
  return { holder, add }
}

/** As a runtime remembers the holder. */
function remember(keys: JsonObject): void {
  mkdirSync('/var/lib/cni/results', { recursive: true })
  const entry = {
    kind: 'cniCacheV1',
    containerId: 'container',
    ifName: 'eth0',
    networkName: 'net1',
    config: 'e30=',
    ...keys,
  }
  writeFileSync('/var/lib/cni/results/net1-container-eth0', JSON.stringify(entry))
}

function lease(owner: string): void {
  mkdirSync('/var/lib/cni/networks/net1', { recursive: true })
  writeFileSync('/var/lib/cni/networks/net1/10.1.2.2', owner)
}

/** Its end of the link goes with a namespace. */
function end({ lab }: PacketLab): void {
  ip(lab.container, 'link', 'delete', 'eth0')
  ip(lab.host, 'neigh', 'flush', 'all')
}

for (const backend of ['nftables', 'iptables', undefined]) {
  const name = backend ?? 'what the host has'
  test(`portmap by ${name}: a container that is gone leaves its port to the next, and that is said`, () =>
    withPacketLab(async (place) => {
      const { add } = await contest(place, backend)
      using _ = await Server.start(place.lab.other, { name: 'next', port: 80 })
      end(place)
      const { status, stderr } = await add()
      assert.equal(status, 0)
      assert.match(
        stderr,
        /tcp port 8080: container "container" in network "net1" has it, and is gone: its ports are taken back/,
      )
      for (const address of ['192.0.2.1', '2001:db8::1'])
        assert.match(ask(place.outside, { protocol: 'tcp', address, port: 8080 }), /^next saw /)
    }))

  test(`portmap by ${name}: a container that is alive keeps its port, however silent it is`, () =>
    withPacketLab(async (place) => {
      const { add } = await contest(place, backend)
      const { container, host } = place.lab
      const silences: (() => void)[] = [
        () => ip(host, 'neigh', 'flush', 'all'),
        () => ip(container, 'link', 'set', 'eth0', 'arp', 'off'),
        () => ip(host, 'link', 'set', 'cni0', 'down'),
      ]
      for (const silence of silences) {
        silence()
        const { status, document, stderr } = await add()
        assert.deepEqual([status, stderr], [1, ''])
        assert.equal(
          document['msg'],
          'unable to setup DNAT: Cannot publish tcp port 8080: container "container" in network "net1" has it',
        )
      }
    }))

  test(`portmap by ${name}: a lease, a namespace that a runtime remembers and an unknown way are signs of life`, () =>
    withPacketLab(async (place) => {
      const { add } = await contest(place, backend)
      end(place)
      const { host, container } = place.lab
      lease('container\r\neth0')
      assert.equal((await add()).status, 1, 'a lease')
      lease('another\r\neth0')
      for (const netns of [container.path, '']) {
        remember({ netns })
        assert.equal((await add()).status, 1, `namespace "${netns}"`)
      }
      remember({ netns: '/run/netns/gone', networkName: 'net2' })
      ip(host, 'link', 'add', 'tap0', 'master', 'cni0', 'type', 'veth', 'peer', 'name', 'tap1')
      assert.equal((await add()).status, 1, 'a port that does not say where it leads')
      remember({ netns: '/run/netns/gone' })
      assert.equal((await add()).status, 0)
    }))
}
