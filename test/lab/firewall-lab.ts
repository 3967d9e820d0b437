import assert from 'node:assert/strict'
import { firewall } from '@patchbay/plugins/firewall'
import type { TestNamespace } from './namespace-fixture.ts'
import { addresses, attach, callOptions, type PacketLab, versions } from './packet-lab.ts'
import { ask } from './packet-peer.ts'
import { ip, type JsonObject, runIn } from './witness.ts'

export type Who = 'container' | 'other'
export const both = ['container', 'other'] as const

export const nftables: JsonObject = { backend: 'nftables' }
export const isolated: JsonObject = { ...nftables, ingressPolicy: 'isolated' }

export function ruleset(host: TestNamespace): string {
  return runIn(host, 'nft', 'list', 'ruleset')
}

/** Attaches a container and allows its packets; gives the configuration that takes that back. */
export async function allow({ lab }: PacketLab, who: Who, keys: JsonObject = {}, prevResult?: JsonObject) {
  const config: JsonObject = { ...keys, prevResult: prevResult ?? (await attach(lab, who)) }
  await lab.add(firewall, config, callOptions(lab, who))
  return config
}

/** Whether the container reaches a server of the other one, by IP version. */
export function reaches({ lab }: PacketLab): Record<4 | 6, boolean> {
  const answers = versions.map((version) => {
    const answer = ask(lab.container, { protocol: 'tcp', address: addresses[version].other, port: 80 })
    return [version, answer === `other saw ${addresses[version].container}`]
  })
  return Object.fromEntries(answers)
}

/** Has the outside know the way to the containers. */
export function learnRoutes(outside: TestNamespace): void {
  ip(outside, 'route', 'add', '10.1.2.0/24', 'via', addresses[4].host)
  ip(outside, 'route', 'add', 'fd00:1:2::/64', 'via', addresses[6].host)
}

export function assertReachesOutside(place: TestNamespace, who: Who): void {
  for (const { outside, [who]: own } of Object.values(addresses))
    assert.equal(ask(place, { protocol: 'tcp', address: outside, port: 80 }), `outside saw ${own}`)
}

/** Whether iptables sees what a bridge forwards between its ports. */
export function setBridgeFilter(host: TestNamespace, value: number): void {
  runIn(host, 'sh', '-c', `echo ${value} | tee /proc/sys/net/bridge/bridge-nf-call-ip*tables`)
}
