import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import {
  chainName,
  changeEachVersion,
  changeTable,
  cleanEachVersion,
  cleanTable,
  findMissingRule,
  parseOwnerComment,
  type Rule,
  readTable,
  type TableChange,
  type TableName,
  targetOf,
  versionsOf,
  wordAfter,
} from '../iptables/index.ts'
import type { PortmapBackend } from './backend.ts'
import type { PortmapConfig } from './config.ts'
import { containerChain, entryRules, ownChain, portRules, shared, topRules } from './iptables-rules.ts'
import { refuseTakenPorts } from './port-conflict.ts'

/** Redirection by iptables(8), in the reference's rules. */
export function iptablesPortmap(request: Request, config: PortmapConfig): PortmapBackend {
  return {
    add: (addresses) =>
      changeEachVersion(request, versionsOf(addresses), (version) =>
        changeTable(request, nat(version), (change) => {
          for (const address of addresses.filter(({ family }) => family === version))
            publish(change, { request, config, address })
        }),
      ),
    remove: (versions) =>
      cleanEachVersion(request, versions ?? [4, 6], (version) =>
        cleanTable(request, { ...nat(version), certain: versions !== undefined }, (change) =>
          withdraw(change, request),
        ),
      ),
    check: (address) => check(request, config, address),
    collect: (alive) =>
      cleanEachVersion(request, [4, 6], (version) =>
        cleanTable(request, { ...nat(version), certain: false }, (change) => {
          const stale = change.rulesOf(shared.dnat).filter((rule) => isStale(rule, request, alive))
          for (const chain of new Set(stale.map(targetOf)))
            if (chain && ownChain.test(chain)) change.removeChain(chain, { from: shared.dnat })
        }),
      ),
  }
}

function nat(version: 4 | 6): TableName {
  return { version, table: 'nat' }
}

function publish(
  change: TableChange,
  { request, config, address }: { request: Request; config: PortmapConfig; address: CIDR },
): void {
  const version = address.family
  const chain = containerChain(request)
  refuseTakenPorts(change, { config, owner: request, version })
  for (const top of topRules(config)) {
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
function withdraw(change: TableChange, request: Request): void {
  change.removeChain(containerChain(request), { from: shared.dnat })
  change.removeChain(chainName('SN-', request), { from: shared.oldSnat })
}

async function check(request: Request, config: PortmapConfig, address: CIDR): Promise<void> {
  const version = address.family
  const chain = containerChain(request)
  const table = await readTable(request, nat(version))
  if (!table.has(chain)) throw new Error(`chain ${chain} not found in iptables table nat`)
  const missing = await findMissingRule(request, nat(version), [
    ...portRules(config, address).map((rule) => ({ chain, rule })),
    ...entryRules(config, request, version).map((rule) => ({ chain: shared.dnat, rule })),
  ])
  if (missing) throw new Error(`rule [${missing.rule.join(' ')}] in chain ${missing.chain} not found in table nat`)
}

/** The rules do not tell interfaces of a container apart. */
function isStale(rule: Rule, { name }: Request, alive: readonly { readonly containerId: string }[]): boolean {
  const owner = parseOwnerComment(wordAfter(rule, '--comment') ?? '')
  return owner?.name === name && !alive.some(({ containerId }) => containerId === owner.containerId)
}
