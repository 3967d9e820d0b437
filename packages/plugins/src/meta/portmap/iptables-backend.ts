import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { ConnectionFilter } from '@patchbay/linux/conntrack'
import { checkError, remedies } from '../../request/check-error.ts'
import type { ValidAttachment } from '../../request/valid-attachments.ts'
import {
  chainName,
  changeEachVersion,
  changeTable,
  cleanEachVersion,
  cleanTable,
  findMissingRule,
  isNameInComment,
  parseOwnerComment,
  type Rule,
  readTable,
  type TableChange,
  type TableName,
  targetOf,
  versionsOf,
  wordAfter,
} from '../../rules/iptables/index.ts'
import { otherVersionsWithChain } from '../../rules/ruleset/index.ts'
import type { PortmapBackend } from './backend.ts'
import type { PortmapConfig } from './config.ts'
import { connectionsTo, type PublishedPort } from './forget-connections.ts'
import {
  containerChain,
  entryRules,
  ownChain,
  portRules,
  publishedPorts,
  shared,
  sharedRules,
  topRules,
} from './iptables-rules.ts'
import { refuseTakenPorts } from './port-conflict.ts'

/** Redirection by iptables(8), in the reference's rules. */
export function iptablesPortmap(request: Request, config: PortmapConfig): PortmapBackend {
  return {
    add: async (addresses, gone = new Set()) => {
      const replaced = new GonePorts()
      const versions = versionsOf(addresses)
      await changeEachVersion(request, versions, (version) =>
        changeTable(request, nat(version), (change) => {
          replaced.set(version, change.rulesOf(containerChain(request)))
          for (const address of addresses.filter(({ family }) => family === version))
            addMappings(change, { request, config, address, gone })
        }),
      )
      await removeEach(request, { versions: await otherVersions(request, versions), certain: [], gone: replaced })
      return replaced.connections
    },
    remove: async (told = []) => {
      const gone = new GonePorts()
      const versions = [...told, ...(await otherVersions(request, told))]
      await removeEach(request, { versions, certain: told, gone })
      return gone.connections
    },
    check: (address) => check(request, config, address),
    collect: async (alive) => {
      const gone = new GonePorts()
      await cleanEachVersion(request, [4, 6], (version) =>
        cleanTable(request, { ...nat(version), certain: false }, (change) => {
          const chains = staleChains(change, request, alive)
          gone.set(
            version,
            chains.flatMap((chain) => change.rulesOf(chain)),
          )
          for (const chain of chains) change.removeChain(chain, { from: shared.dnat })
        }),
      )
      return gone.connections
    },
  }
}

/** Versions of addresses that nobody tells; the chain's name tells whether the container has something of them. */
function otherVersions(request: Request, told: readonly (4 | 6)[]): Promise<(4 | 6)[]> {
  return otherVersionsWithChain(request, told, { table: 'nat', chain: containerChain(request) })
}

function removeEach(
  request: Request,
  { versions, certain, gone }: { versions: readonly (4 | 6)[]; certain: readonly (4 | 6)[]; gone: GonePorts },
): Promise<void> {
  return cleanEachVersion(request, versions, (version) =>
    cleanTable(request, { ...nat(version), certain: certain.includes(version) }, (change) => {
      gone.set(version, change.rulesOf(containerChain(request)))
      removeMappings(change, request)
    }),
  )
}

/** What rules redirected that are gone. A change may be planned more than once: the last plan counts. */
class GonePorts {
  readonly #ports = new Map<4 | 6, PublishedPort[]>()

  set(version: 4 | 6, rules: readonly Rule[]): void {
    this.#ports.set(version, publishedPorts(version, rules))
  }

  get connections(): ConnectionFilter[] {
    return connectionsTo([...this.#ports.values()].flat())
  }
}

function nat(version: 4 | 6): TableName {
  return { version, table: 'nat' }
}

function addMappings(
  change: TableChange,
  {
    request,
    config,
    address,
    gone,
  }: { request: Request; config: PortmapConfig; address: CIDR; gone: ReadonlySet<string> },
): void {
  for (const each of gone) change.removeChain(each, { from: shared.dnat })
  const version = address.family
  const chain = containerChain(request)
  refuseTakenPorts(change, { config, owner: request, version })
  for (const top of topRules(config, version)) {
    for (const name of [top.chain, targetOf(top.rule)]) if (isShared(name)) change.ensureChain(name)
    change.ensureRule(top.chain, top.rule, top)
  }
  change.deleteRules(shared.dnat, (rule) => targetOf(rule) === chain)
  change.emptyChain(chain)
  for (const rule of portRules(config, address)) change.append(chain, rule)
  for (const rule of entryRules(config, request, version)) change.append(shared.dnat, rule)
}

function isShared(name: string | undefined): name is string {
  return name !== undefined && Object.values<string>(shared).includes(name)
}

/** Whatever was published: the chain's name follows from the container, and rules that lead to it say so. */
function removeMappings(change: TableChange, request: Request): void {
  change.removeChain(containerChain(request), { from: shared.dnat })
  change.removeChain(chainName('SN-', request), { from: shared.oldSnat })
}

async function check(request: Request, config: PortmapConfig, address: CIDR): Promise<void> {
  const version = address.family
  const chain = containerChain(request)
  const table = await readTable(request, nat(version))
  if (!table.has(chain)) throw checkError(`chain ${chain} not found in iptables table nat`, remedies.repair)
  const missing = await findMissingRule(request, nat(version), [
    ...sharedRules(config),
    ...portRules(config, address).map((rule) => ({ chain, rule })),
    ...entryRules(config, request, version).map((rule) => ({ chain: shared.dnat, rule })),
  ])
  if (missing)
    throw checkError(
      `rule [${missing.rule.join(' ')}] in chain ${missing.chain} not found in table nat`,
      remedies.repair,
    )
}

function staleChains(change: TableChange, request: Request, alive: readonly ValidAttachment[]): string[] {
  const stale = change.rulesOf(shared.dnat).filter((rule) => isStale(rule, request, alive))
  return [...new Set(stale.flatMap((rule) => targetOf(rule) ?? []))].filter((chain) => ownChain.test(chain))
}

/** The rules do not tell interfaces of a container apart. */
function isStale(rule: Rule, { name }: Request, alive: readonly ValidAttachment[]): boolean {
  const owner = parseOwnerComment(wordAfter(rule, '--comment') ?? '')
  if (!owner || !isNameInComment(owner.name, name)) return false
  return !alive.some(({ containerId }) => isNameInComment(owner.containerId, containerId))
}
