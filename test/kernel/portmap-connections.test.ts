import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portmap } from '@patchbay/plugins/portmap'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { recordConntrack } from '../lab/netfilter-record.ts'
import { callOptions } from '../lab/packet-lab.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { mapping, port, resultOf } from '../lab/portmap-lab.ts'
import { ip, type JsonObject, runIn } from '../lab/witness.ts'

const backends = ['nftables', 'iptables'] as const
const udp = (hostPort: number, keys: JsonObject = {}) => port(hostPort, { protocol: 'udp', ...keys })

/** A UDP connection of a client to a port of the host, as conntrack(8) makes it. */
function track(host: TestNamespace, destination: string, hostPort: number): void {
  const client = destination.includes(':') ? '2001:db8::2' : '192.0.2.2'
  const words = `-I -p udp -s ${client} -d ${destination} --sport 7 --dport ${hostPort} -t 99`
  runIn(host, 'conntrack', ...words.split(' '))
}

/** Destination and port of the connections that the kernel tracks. */
function tracked(host: TestNamespace): string[] {
  const lines = ['ipv4', 'ipv6'].flatMap((family) => runIn(host, 'conntrack', '-L', '-f', family).split('\n'))
  return lines.flatMap((line) => {
    const [, address, to] = /^udp .*? dst=(\S+) sport=\d+ dport=(\d+)/.exec(line) ?? []
    return address === undefined ? [] : [`${address} ${to}`]
  })
}

function withTracking(work: (lab: PluginLab) => Promise<void>): Promise<void> {
  return withLab(async (lab) => {
    ip(lab.host, 'link', 'set', 'lo', 'up')
    runIn(lab.host, 'nft', 'table inet t { chain c { type filter hook output priority 0; ct state new counter; }; }')
    await work(lab)
  })
}

for (const backend of backends) {
  test(`portmap by ${backend}: ADD and DEL read the connection table once an IP version, however many UDP ports there are`, () =>
    withTracking(async (lab) => {
      const config = mapping(
        resultOf('container'),
        Array.from({ length: 40 }, (_, index) => udp(8000 + index)),
        { backend },
      )
      track(lab.host, '192.0.2.1', 8001)
      track(lab.host, '192.0.2.1', 53)
      const call = (command: string) => () => lab.call(portmap, command, config, callOptions(lab, 'container'))
      const dumps = async (command: string) =>
        (await recordConntrack(call(command))).filter((message) => message.endsWith('dump')).length
      assert.equal(await dumps('ADD'), 2)
      assert.deepEqual(tracked(lab.host), ['192.0.2.1 53'])
      track(lab.host, '192.0.2.1', 8002)
      assert.equal(await dumps('DEL'), 2)
      assert.deepEqual(tracked(lab.host), ['192.0.2.1 53'])
    }))

  test(`portmap by ${backend}: DEL does not look at connections where no UDP port was published, nor where none is tracked`, () =>
    withTracking(async (lab) => {
      const asked = async (command: string, ports: JsonObject[] | null) => {
        const config = {
          ...mapping(resultOf('container'), ports ?? [], { backend }),
          ...(ports ? {} : { runtimeConfig: null }),
        }
        return recordConntrack(() => lab.call(portmap, command, config, callOptions(lab, 'container')))
      }
      assert.deepEqual(await asked('ADD', [udp(53)]), ['GET_STATS'])
      assert.deepEqual(await asked('DEL', [udp(53)]), ['GET_STATS'])
      track(lab.host, '192.0.2.1', 53)
      assert.deepEqual(await asked('DEL', [udp(53)]), [])
      assert.deepEqual(await asked('DEL', null), [])
      assert.deepEqual(await asked('ADD', [port(53)]), [])
      assert.deepEqual(await asked('DEL', null), [])
      assert.deepEqual(tracked(lab.host), ['192.0.2.1 53'])
    }))

  test(`portmap by ${backend}: connections to what is no longer published are forgotten, whoever takes it back`, () =>
    withTracking(async (lab) => {
      const config = (ports: JsonObject[]) => mapping(resultOf('container'), ports, { backend })
      const called = callOptions(lab, 'container')
      const clients = () => {
        for (const address of ['192.0.2.1', '192.0.2.3', '2001:db8::1'])
          for (const to of [53, 54]) track(lab.host, address, to)
      }
      const published = [udp(53), udp(54, { hostIP: '192.0.2.1' })]
      const kept = ['192.0.2.3 54', '2001:db8::1 54']
      const endings: (() => Promise<unknown>)[] = [
        () => lab.del(portmap, config(published), called),
        () => lab.del(portmap, { ...config(published), runtimeConfig: null }, called),
        () => lab.del(portmap, config([udp(9000)]), called),
        () => lab.add(portmap, config([udp(9000)]), called),
        () => lab.call(portmap, 'GC', { backend, 'cni.dev/valid-attachments': [] }),
      ]
      for (const ending of endings) {
        await lab.add(portmap, config(published), called)
        clients()
        await ending()
        assert.deepEqual(tracked(lab.host).sort(), kept, String(ending))
        runIn(lab.host, 'conntrack', '-F')
      }
    }))
}
