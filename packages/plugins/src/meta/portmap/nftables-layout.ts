import { parseCIDR, parseIP } from '@patchbay/address'
import {
  type Batch,
  type Chain,
  concat,
  dnat,
  fib,
  inetProto,
  inetService,
  ip,
  ip6,
  mark,
  meta,
  namedMap,
  rule,
  th,
  verdict,
} from '@patchbay/linux/nftables'
import { ipVersions, recordSet, inetTable as table } from '../../rules/ruleset/index.ts'
import { clientsChain, declareClients } from './nftables-clients.ts'

/** The maps of an IP version. A port is that of a transport protocol: `tcp . 8080`. */
export type PortMaps = ReturnType<typeof makeMaps>

/** All of them together say what is published; each element's comment is the mark of its owner. */
export const maps = { 4: makeMaps(4), 6: makeMaps(6) } as const

function makeMaps(version: 4 | 6) {
  const { address } = ipVersions[version]
  const named = (name: string, comment: string) => ({ table, name: `portmap-${name}${version}`, comment })
  return {
    version,
    ports: namedMap({
      ...named('ports', 'at every address of the host'),
      key: [inetProto, inetService],
      data: [address, inetService],
    }),
    addresses: namedMap({
      ...named('addresses', 'at one address of the host'),
      key: [address, inetProto, inetService],
      data: [address, inetService],
    }),
    /** Makes the kernel refuse a port at every address when one address has it, and the reverse; nobody's alone. */
    taken: namedMap({
      ...named('taken', 'ports, and at how many addresses of the host; 0 for every one'),
      key: [inetProto, inetService],
      data: mark,
    }),
    /** Tells without a search whether a container has published something, and whether that is known. */
    containers: namedMap({
      ...named('containers', 'what a container has published, as a hash'),
      key: address,
      data: mark,
    }),
    /** What a container asked for when it had the port in another network already, with the order: see `nftables-waiting.ts`. */
    waiting: namedMap({
      ...named('waiting', 'containers that have the port in another network, and come next'),
      key: [address, inetProto, inetService, address],
      data: [inetService, mark],
    }),
    conditions: namedMap({
      ...named('conditions', 'ports with conditions'),
      key: [inetProto, inetService],
      data: 'verdict',
    }),
  }
}

/** Names where each attachment has published something: see `nftables-records.ts`. */
export const records = recordSet('portmap')

// Behind those of iptables and kube-proxy, which have -100: who is first decides where a packet goes.
const destinationNat = { type: 'nat', priority: -99, policy: 'accept' } as const
const prerouting: Chain = { table, name: 'portmap-prerouting', base: { ...destinationNat, hook: 'prerouting' } }
const output: Chain = { table, name: 'portmap-output', base: { ...destinationNat, hook: 'output' } }
const guard: Chain = {
  table,
  name: 'portmap-guard',
  base: { type: 'filter', hook: 'prerouting', priority: 'raw', policy: 'accept' },
}
/** Where packets to an address of the host get their new destination. */
const redirect: Chain = { table, name: 'portmap' }

const loopback = parseCIDR('127.0.0.0/8')

/** The chains that are there once for all containers. */
const sharedChains = [guard, prerouting, output, redirect, clientsChain]

/** Declares all that does not depend on containers, with its rules as they should be. Elements that are there stay. */
export function declareLayout(batch: Batch): void {
  batch.addTable(table)
  batch.addSet(records)
  for (const chain of sharedChains) batch.addChain(chain)
  for (const { version: _, ...all } of Object.values(maps)) for (const map of Object.values(all)) batch.addSet(map)
  for (const chain of sharedChains) batch.flushChain(chain)
  // Packets from elsewhere have no business with 127.0.0.1; a port that is published there would let them in.
  batch.addRule(
    rule(guard, meta.iifname.isNot('lo'), ip.daddr.is(loopback), fib.daddrIifType.isNot('local'), verdict.drop),
  )
  for (const chain of [prerouting, output])
    batch.addRule(rule(chain, fib.daddrType.is('local'), verdict.jump(redirect.name)))
  for (const version of [4, 6] as const) declareRedirection(batch, maps[version])
  declareClients(batch)
}

function declareRedirection(batch: Batch, { version, conditions, addresses, ports }: PortMaps): void {
  const { daddr } = ipVersions[version].header
  // The kernel discards what a container answers to ::1, also after source NAT: there the host's own services stay.
  const served = version === 4 ? meta.nfproto.is('ipv4') : ip6.daddr.isNot(parseIP('::1'))
  const port = concat(meta.l4proto, th.dport)
  batch.addRule(rule(redirect, served, port.vmap(conditions)))
  batch.addRule(rule(redirect, served, dnat(concat(daddr, meta.l4proto, th.dport).map(addresses))))
  batch.addRule(rule(redirect, served, dnat(port.map(ports))))
}
