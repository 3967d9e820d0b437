import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { ConnectionFilter } from '@patchbay/linux/conntrack'
import type { Nftables } from '@patchbay/linux/nftables'
import { checkError, remedies } from '../../request/check-error.ts'
import {
  checkLayout,
  describe,
  type ElementText,
  type IsOurs,
  missingElements,
  openRuleset,
  ownedBy,
  ownedByGone,
  ownerOf,
  withRuleset,
} from '../../rules/ruleset/index.ts'
import type { PortmapBackend } from './backend.ts'
import { hostAddress, type PortmapConfig } from './config.ts'
import { connectionsOf, connectionsTo, portsOf } from './forget-connections.ts'
import { clientsChain, neighboursOf } from './nftables-clients.ts'
import { hasNeighbours, type PortMappings, portMappingsOf } from './nftables-elements.ts'
import { maps } from './nftables-layout.ts'
import { addMappings, declareAll, removeAllMappings, removeMappings } from './nftables-mappings.ts'
import { withoutSiblings } from './nftables-places.ts'
import { removeReferenceRules } from './nftables-reference.ts'
import { readPortState, select } from './nftables-state.ts'

/**
 * As {@link nftablesPortmap}, where the kernel has nf_tables. The question that tells that is one for what is made last, so
 * that it tells as well what ADD has to declare: to be refused for it takes the kernel 10 ms.
 *
 * @returns `undefined` without nf_tables, and where the kernel does not let this process have it
 */
export async function findNftablesPortmap(
  request: Request,
  config: PortmapConfig,
): Promise<PortmapBackend | undefined> {
  const address = config.addresses[4] ?? config.addresses[6]
  const chain = address && hasNeighbours(config) ? neighboursOf(address).chain : clientsChain
  try {
    using nft = openRuleset(request)
    const isDeclared = (await nft.findChain(chain)) !== undefined
    return nftablesPortmap(request, config, { isDeclared })
  } catch {
    return undefined
  }
}

/**
 * Redirection by nf_tables: a port of a container is an element of a map, and the rules are the same few for all of them.
 * What the reference has made by nf_tables is removed as well.
 *
 * @param options.isDeclared whether rules and sets are thought to be there
 */
export function nftablesPortmap(
  request: Request,
  config: PortmapConfig,
  { isDeclared = true }: { isDeclared?: boolean } = {},
): PortmapBackend {
  const isOurs = ownedBy(request)
  const mappingsAt = (address: CIDR) => portMappingsOf(request, config, { address })
  const addresses = [config.addresses[4], config.addresses[6]].filter((address) => address !== undefined)
  return {
    add: async (all, gone) => {
      const allMappings = all.map(mappingsAt)
      return connectionsTo(
        await withRuleset(request, (nft) =>
          addMappings(nft, allMappings, { isOurs: (comment) => isOurs(comment) || isAmong(gone, comment), isDeclared }),
        ),
      )
    },
    remove: () =>
      withRuleset(request, async (nft) => {
        const owner = ownerOf(request)
        const isShared = config.mappings.some((mapping) => hostAddress(mapping)?.isUnspecified === false)
        const gone = await removeMappings(nft, { owner, isOurs, addresses, mappingsAt, isShared })
        const deleted = await removeReferenceRules(nft, request.containerId, addresses)
        return [...connectionsTo(gone), ...(deleted.length > 0 ? connectionsOfReference(config) : [])]
      }),
    check: async (address) => {
      const mappings = mappingsAt(address)
      await withRuleset(request, (nft) => check(nft, mappings, isOurs))
    },
    collect: async (alive) =>
      connectionsTo(await withRuleset(request, (nft) => removeAllMappings(nft, ownedByGone(request.name, alive)))),
  }
}

function isAmong(marks: ReadonlySet<string> | undefined, comment: string | undefined): boolean {
  return comment !== undefined && (marks?.has(comment) ?? false)
}

/** What the reference has published is not read from its rules. */
function connectionsOfReference({ mappings, addresses }: PortmapConfig): ConnectionFilter[] {
  if (mappings.length > 0) return connectionsTo(portsOf(mappings, [4, 6]))
  return connectionsOf([addresses[4], addresses[6]].flatMap((cidr) => (cidr ? [cidr.address] : [])))
}

async function check(nft: Nftables, mappings: PortMappings, isOurs: IsOurs): Promise<void> {
  const { missing, served } = await findMissing(nft, mappings, isOurs)
  if (missing.length > 0) throw checkError(missing.map(notFound).join(', '), remedies.repair)
  await checkLayout(nft, (batch) => {
    declareAll(batch, [mappings])
    if (served.targets.length > 0) mappings.declareOwn(batch)
  })
}

/**
 * A port that the container has in another network is not missing. What is noted of it in `containers` depends on what others
 * wait for.
 */
async function findMissing(
  nft: Nftables,
  mappings: PortMappings,
  isOurs: IsOurs,
): Promise<{ missing: ElementText[]; served: PortMappings }> {
  const missing = await missingElements(nft, mappings.elements)
  if (missing.length === 0) return { missing: await missingPorts(nft, mappings), served: mappings }
  const state = await readPortState(nft, mappings.address.family)
  const others = select(state, (comment) => !isOurs(comment))
  const isNoted = state.containers.some(({ comment }) => isOurs(comment))
  const { name } = maps[mappings.address.family].containers
  const served = withoutSiblings(mappings, others)
  const stillMissing = await missingElements(nft, served.elements)
  return { missing: stillMissing.filter(({ set }) => set !== name || !isNoted), served }
}

/** Ports that the kernel would let another container have; at how many addresses of the host, others decide as well. */
async function missingPorts(nft: Nftables, { address, taken }: PortMappings): Promise<ElementText[]> {
  const map = maps[address.family].taken
  const missing: ElementText[] = []
  for (const element of taken) if (!(await nft.findElement(map, element))) missing.push(describe(map, element))
  return missing
}

function notFound({ set, key, data }: ElementText): string {
  return data === ''
    ? `element ${key} not found in set inet patchbay ${set}`
    : `element ${key} : ${data} not found in map inet patchbay ${set}`
}
