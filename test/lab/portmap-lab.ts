import assert from 'node:assert/strict'
import { portmap } from '@patchbay/plugins/portmap'
import type { TestNamespace } from './namespace-fixture.ts'
import { addresses, attach, callOptions, type PacketLab } from './packet-lab.ts'
import type { PluginLab } from './plugin-lab.ts'
import { type JsonObject, runIn } from './witness.ts'

export type Who = 'container' | 'other'

export function port(hostPort: number, keys: JsonObject = {}): JsonObject {
  return { hostPort, containerPort: 80, protocol: 'tcp', ...keys }
}

/** A result with the addresses of a container, for tests in which no packet flows. */
export function resultOf(who: Who): JsonObject {
  const ips = [`${addresses[4][who]}/24`, `${addresses[6][who]}/64`].map((address) => ({ address }))
  return { cniVersion: '1.1.0', ips }
}

export function mapping(prevResult: JsonObject, portMappings: JsonObject[], keys: JsonObject = {}): JsonObject {
  return { backend: 'nftables', prevResult, runtimeConfig: { portMappings }, ...keys }
}

/** Publishes ports of a container that is only said to be there; gives the configuration. */
export async function publish(
  lab: PluginLab,
  who: Who,
  ports: JsonObject[],
  keys: JsonObject = {},
): Promise<JsonObject> {
  const config = mapping(resultOf(who), ports, keys)
  await lab.add(portmap, config, callOptions(lab, who))
  return config
}

/** What ADD says when it refuses. */
export async function refusal(lab: PluginLab, who: Who, ports: JsonObject[], keys: JsonObject = {}): Promise<string> {
  const { status, document } = await lab.call(
    portmap,
    'ADD',
    mapping(resultOf(who), ports, keys),
    callOptions(lab, who),
  )
  assert.equal(status, 1, 'ADD has succeeded')
  return String(document['msg'])
}

/** Attaches a container and publishes ports of it. */
export async function serve(
  { lab }: PacketLab,
  who: Who,
  ports: JsonObject[],
  keys: JsonObject = {},
): Promise<JsonObject> {
  const config = mapping(await attach(lab, who, { ipMasq: true }), ports, keys)
  await lab.add(portmap, config, callOptions(lab, who))
  return config
}

export function ruleset(host: TestNamespace): string {
  return runIn(host, 'nft', 'list', 'table', 'inet', 'patchbay')
}

/** A set or map, as `nft -j` lists it; a map says what its elements hold. */
interface ListedSet {
  name: string
  map?: string | string[]
  elem?: unknown[]
}

/** The elements that are there, one a line: `portmap-ports4 tcp . 8080 : 10.1.2.2 . 80`. */
export function elements(host: TestNamespace): string[] {
  return inSets(setsOf(host))
}

/** Those that the kernel goes through whenever one of them is added. */
export function verdicts(host: TestNamespace): string[] {
  return inSets(setsOf(host).filter(({ map }) => map === 'verdict'))
}

function setsOf(host: TestNamespace): ListedSet[] {
  const listed = JSON.parse(runIn(host, 'nft', '-j', 'list', 'table', 'inet', 'patchbay'))
  return listed.nftables.flatMap(({ set, map }: { set?: ListedSet; map?: ListedSet }) => set ?? map ?? [])
}

function inSets(sets: readonly ListedSet[]): string[] {
  return sets.flatMap(({ name, elem = [] }) => elem.map((element) => `${name} ${inWords(element)}`))
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join(' : ')
  if (typeof value !== 'object' || value === null) return String(value)
  if ('elem' in value) return inWords((value.elem as { val: unknown }).val)
  if ('concat' in value) return (value.concat as unknown[]).map(inWords).join(' . ')
  return Object.entries(value)
    .map(([verdict, { target }]) => `${verdict} ${target}`)
    .join()
}

export function mappings(host: TestNamespace): string[] {
  return elements(host).filter((line) => /^portmap-(ports|addresses)/.test(line))
}
