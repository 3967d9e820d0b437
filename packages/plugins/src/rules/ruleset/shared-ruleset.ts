import { statSync } from 'node:fs'
import { SharedKey } from '@patchbay/cni/plugin'
import type { BackgroundWork } from '@patchbay/linux/netlink'
import { isOwnNamespace } from '@patchbay/linux/netns'
import {
  type Batch,
  type ChainState,
  Nftables,
  openNetfilterSocket,
  type RuleState,
  type TableMember,
  type TableRef,
  type TableState,
} from '@patchbay/linux/nftables'
import { netContext } from '../../link/net-context.ts'
import { openNamespace } from '../../request/open-namespace.ts'
import { explainRefusal } from './unsupported-rules.ts'

/** Longer than the kernel takes, and than the steps of one call are apart. */
const LINGER_MS = 250

/** Of how much it is known that others have not made it. Chains of single containers are among it, and there is no end to them. */
const MOST_ABSENT = 256

/** The packet filters that the calls of one program have open. */
class Rulesets implements Disposable {
  readonly #background: BackgroundWork
  readonly #open = new Map<string, SharedRuleset>()

  constructor(background: BackgroundWork) {
    this.#background = background
  }

  /**
   * That of the namespace at `path`. Each caller closes what it got.
   *
   * @throws SystemError
   */
  open(path: string): SharedRuleset {
    const key = identityOf(path)
    const ruleset = this.#open.get(key) ?? this.#add(key, path)
    ruleset.share()
    return ruleset
  }

  #add(key: string, path: string): SharedRuleset {
    const onEnd = () => this.#open.delete(key)
    const ruleset = new SharedRuleset(path, { background: this.#background, onEnd })
    this.#open.set(key, ruleset)
    return ruleset
  }

  /** Closes them all, after the last call. */
  [Symbol.dispose](): void {
    for (const ruleset of this.#open.values()) ruleset.end()
  }
}

/** The rulesets of the calls that have `shared`. */
export const rulesets = new SharedKey((shared) => new Rulesets(netContext.of(shared).background))

/**
 * The packet filter of a namespace, for all calls of a program that use it at once or soon after one another.
 *
 * The kernel lets go of a socket only when it has freed what was deleted last. That takes 10 to 20 ms, in which nobody
 * can change rules; a socket that is kept until then costs nothing. That of this process's own namespace is kept.
 */
export class SharedRuleset extends Nftables {
  readonly #onEnd: () => void
  readonly #isOwn: boolean
  #users = 0
  #lingering: ReturnType<typeof setTimeout> | undefined
  /** What others have not made, as of {@link #generation}. */
  readonly #absent = new Set<string>()
  /** Of the rules when it was last asked for, counted on by the changes that were made from here. */
  #generation: number | undefined
  /** Whether it was asked for since somebody has opened this. */
  #isFresh = false
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * @param path of the namespace
   * @param options.onEnd called when nobody can use it any more
   * @throws SystemError
   */
  constructor(path: string, { background, onEnd }: { background: BackgroundWork; onEnd: () => void }) {
    using netns = openNamespace(path)
    super(openNetfilterSocket({ netns, background }))
    this.#onEnd = onEnd
    this.#isOwn = isOwnNamespace(path)
  }

  /** Counts one more user, who closes it. */
  share(): void {
    this.#users++
    this.#isFresh = false
    clearTimeout(this.#lingering)
  }

  override async getGeneration(): Promise<number> {
    return this.#inTurn(async () => {
      const generation = await super.getGeneration()
      if (generation !== this.#generation) this.#absent.clear()
      this.#generation = generation
      this.#isFresh = true
      return generation
    })
  }

  /** @throws UnsupportedRulesError, and what the kernel says to other refusals */
  override async transaction(
    fill: (batch: Batch) => void,
    options: { generation?: number } = {},
  ): Promise<RuleState[]> {
    return this.#inTurn(async () => {
      let declared: Pick<Batch, 'requests'> = { requests: [] }
      const echoed = await super
        .transaction((batch) => {
          declared = batch
          fill(batch)
        }, options)
        .catch((error: unknown) => {
          throw explainRefusal(error, declared)
        })
      if (this.#generation !== undefined) this.#generation++
      return echoed
    })
  }

  /**
   * A chain that only others make, as {@link findChain} gives it. Not to find it is remembered for as long as nobody else
   * changes rules, so that the kernel is not asked again and again for what most hosts do not have.
   */
  findForeignChain(chain: TableMember): Promise<ChainState | undefined> {
    const { family, name } = chain.table
    return this.#unlessAbsent(`${family} ${name} ${chain.name}`, () => this.findChain(chain))
  }

  /** A table that only others make; as {@link findForeignChain}. */
  findForeignTable(table: TableRef): Promise<TableState | undefined> {
    return this.#unlessAbsent(`${table.family} ${table.name}`, () => this.findTable(table))
  }

  override close(): void {
    this.#users--
    if (this.#users > 0 || this.#isOwn) return
    this.#lingering = setTimeout(() => this.end(), LINGER_MS).unref()
  }

  /** Closes it for all. */
  end(): void {
    clearTimeout(this.#lingering)
    this.#onEnd()
    super.close()
  }

  async #unlessAbsent<T>(key: string, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#absent.has(key) && !this.#isFresh) await this.getGeneration()
    if (this.#absent.has(key)) return undefined
    const found = await ask()
    if (found === undefined && this.#generation !== undefined) this.#noteAbsent(key)
    return found
  }

  #noteAbsent(key: string): void {
    if (this.#absent.size >= MOST_ABSENT) this.#absent.clear()
    this.#absent.add(key)
  }

  /** Nothing else may happen between what the kernel does and what is noted of it. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work)
    this.#turn = run.catch(() => undefined)
    return run
  }
}

/** Two paths lead to one namespace when device and inode are equal: namespaces(7). */
function identityOf(path: string): string {
  const { dev, ino } = statSync(path)
  return `${dev}:${ino}`
}
