import { isDeepStrictEqual } from 'node:util'
import { Batch, type Chain, type Nftables, type Rule, type RuleState } from '@patchbay/linux/nftables'
import { checkError, remedies } from '../../request/check-error.ts'

type BaseChain = NonNullable<Chain['base']>

/** Notes what a layout declares, and sends nothing. */
class Declaration extends Batch {
  readonly chains: Chain[] = []
  readonly #rules: Rule[] = []

  override addChain(chain: Chain): void {
    this.chains.push(chain)
  }

  override addRule(rule: Rule): void {
    this.#rules.push(rule)
  }

  rulesOf(chain: Chain): Rule[] {
    return this.#rules.filter((rule) => rule.chain === chain)
  }
}

/**
 * Checks that the kernel has the chains and rules that a layout declares, in that order. Rules of others between them are theirs.
 * It costs two messages a chain, however many containers there are.
 *
 * @param layout what ADD declares them with
 * @throws Error naming the chain that is not as declared
 */
export async function checkLayout(nft: Nftables, layout: (batch: Batch) => void): Promise<void> {
  const declaration = new Declaration()
  layout(declaration)
  for (const chain of declaration.chains) {
    const where = `chain ${chain.table.family} ${chain.table.name} ${chain.name}`
    const rules = declaration.rulesOf(chain)
    if (rules.length > 0 && !hasRules(await nft.listRules(chain), rules))
      throw checkError(`rules not found in ${where}`, remedies.repairShared)
    if (chain.base && !(await isHooked(nft, chain, chain.base)))
      throw checkError(`Cannot filter by ${where}: its hook or policy is not that of ADD`, remedies.repairShared)
  }
}

function hasRules(present: readonly RuleState[], expected: readonly Rule[]): boolean {
  let found = 0
  for (const { expressions } of present) if (isSameRule(expressions, expected[found]?.expressions)) found++
  return found === expected.length
}

type Expressions = Rule['expressions']

function isSameRule(present: Expressions, expected: Expressions = []): boolean {
  return present.length === expected.length && expected.every((each, at) => isSameExpression(present[at], each))
}

/** The kernel says more than it was told: which registers a range ends in, say. What it says of a set that is not negated is this. */
const said: Readonly<Record<string, object>> = { lookup: { flags: 0 } }

function isSameExpression(present: Expressions[number] | undefined, { kind, data }: Expressions[number]): boolean {
  const now: Readonly<Record<string, unknown>> = { ...present?.data }
  const told = Object.entries({ ...said[kind], ...data })
  return (
    present?.kind === kind && told.every(([key, value]) => value === undefined || isDeepStrictEqual(now[key], value))
  )
}

/** A chain that declares no policy has the administrator's. */
async function isHooked(nft: Nftables, chain: Chain, { hook, policy }: BaseChain): Promise<boolean> {
  const { base } = (await nft.findChain(chain)) ?? {}
  return base?.hook === hook && (policy === undefined || base.policy === policy)
}
