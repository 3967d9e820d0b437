import { CIDR } from '@patchbay/address'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { addRule, deleteRule, listRoutes, listRules, RT_TABLE, type Rule } from '@patchbay/linux/route'
import type { OpenNetns } from '../../link/net-context.ts'
import type { UndoStack } from '../../request/undo-stack.ts'

/** The first table that is given out: those below are known by names, or are likely to be somebody's. */
const FIRST_TABLE = 100

/** The protocol (`FRA_PROTOCOL`) of rules, by which GC knows ours: a number that nobody has a name for. */
const MARK = 112

/** Rules of a container and the tables that are in use. */
export class SourceRules {
  readonly #container: OpenNetns
  readonly #rules: readonly Rule[]
  #used: Set<number> | undefined

  private constructor(container: OpenNetns, rules: readonly Rule[]) {
    this.#container = container
    this.#rules = rules
  }

  static async read(container: OpenNetns): Promise<SourceRules> {
    return new SourceRules(container, await listRules(container.route))
  }

  /** The table that what comes from an address is routed by, if it has one; only that `table`, when it is given. */
  tableOf(address: CIDR, table?: number): number | undefined {
    return this.#rules.find((rule) => isRuleOf(rule, address, table))?.table
  }

  /** A table that neither rule nor route uses. */
  async freeTable(): Promise<number> {
    this.#used ??= await this.#usedTables()
    let table = FIRST_TABLE
    while (this.#used.has(table)) table++
    this.#used.add(table)
    return table
  }

  async #usedTables(): Promise<Set<number>> {
    const routes = await listRoutes(this.#container.route, { table: RT_TABLE.UNSPEC })
    return new Set([...this.#rules, ...routes].flatMap(({ table }) => table ?? []))
  }

  /** Has what comes from an address be routed by a table, and has `undo` take it back. */
  async add(address: CIDR, table: number, undo: UndoStack): Promise<void> {
    const rule = ruleOf(address, table)
    await addRule(this.#container.route, rule)
    undo.push(`rule from ${address.address}`, () => deleteRule(this.#container.route, rule))
  }

  /** Deletes the rules of addresses, all of them, or those that lead to `table`. */
  async delete(addresses: readonly CIDR[], table?: number): Promise<void> {
    await this.#deleteAll(this.#rules.filter((rule) => addresses.some((address) => isRuleOf(rule, address, table))))
  }

  /** Deletes the rules of ours whose address is not among those that are in use. */
  async deleteUnused(inUse: readonly CIDR[]): Promise<void> {
    const used = new Set(inUse.map(({ address }) => String(address)))
    await this.#deleteAll(
      this.#rules.filter(({ src, protocol }) => protocol === MARK && !used.has(String(src?.address))),
    )
  }

  async #deleteAll(rules: readonly Rule[]): Promise<void> {
    for (const rule of rules) await deleteIfThere(this.#container, rule)
  }
}

async function deleteIfThere({ route }: OpenNetns, rule: Rule): Promise<void> {
  try {
    await deleteRule(route, rule)
  } catch (error) {
    if (!isNetlinkError(error, 'ENOENT')) throw error
  }
}

function isRuleOf(rule: Rule, address: CIDR, table: number | undefined): boolean {
  return (
    rule.src?.equals(hostOf(address)) === true &&
    rule.table !== undefined &&
    (table === undefined || rule.table === table)
  )
}

function ruleOf(address: CIDR, table: number): Rule {
  return { family: address.family, src: hostOf(address), table, protocol: MARK }
}

/** The address alone, without its network. */
export function hostOf({ address }: CIDR): CIDR {
  return CIDR.of(address, address.bits)
}
