import { readdirSync } from 'node:fs'
import { listLinks, listNeighbours, listRoutes, NUD } from '@patchbay/linux/route'
import type { Journal } from './journal.ts'
import { LEASES, type Place, RESULTS } from './network.ts'

/** The kernel gives loopback this index in every namespace. */
const LOOPBACK = 1

/** Proves, place by place, that nothing is left of a network. */
export async function proveNothingLeft(places: readonly Place[], journal: Journal): Promise<void> {
  const everywhere = places.map(({ name }) => name).join(', ')
  const linksAndRoutes = async (place: Place) => [...(await links(place)), ...(await routes(place))]
  await journal.proveEmpty('no link, no route left', () => inEach(places, linksAndRoutes), `${everywhere}: only lo`)
  await journal.proveEmpty('no neighbour left', () => inEach(places, neighbours), everywhere)
  await journal.proveEmpty('no lease left', leases, LEASES)
  await journal.proveEmpty('no cached result left', () => readdirSync(RESULTS), RESULTS)
}

async function inEach(places: readonly Place[], look: (place: Place) => Promise<string[]>): Promise<string[]> {
  const found: string[] = []
  for (const place of places) found.push(...(await look(place)).map((each) => `${each} in ${place.name}`))
  return found
}

async function links({ route }: Place): Promise<string[]> {
  return (await listLinks(route)).filter(({ index }) => index !== LOOPBACK).map(({ ifname }) => ifname ?? '?')
}

async function routes({ route }: Place): Promise<string[]> {
  return (await listRoutes(route)).filter(({ oif }) => oif !== LOOPBACK).map(({ dst }) => `route to ${dst}`)
}

/** As `ip neighbour` does, leaves out the entries that need no resolution. */
async function neighbours({ route }: Place): Promise<string[]> {
  const resolved = (await listNeighbours(route)).filter(({ state = 0 }) => (state & NUD.NOARP) === 0)
  return resolved.map(({ dst }) => `neighbour ${dst}`)
}

/** Files named after addresses; a lock and the place to go on from stay. */
function leases(): string[] {
  return readdirSync(LEASES).filter((name) => name !== 'lock' && !/^(last_reserved_ip|\.patchbay)\./.test(name))
}
