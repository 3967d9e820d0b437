import {
  findRuleset,
  type HostOfCall,
  type IptablesChain,
  mayHaveIptablesChain,
  type SharedRuleset,
  UnsupportedRulesError,
  withRuleset,
} from './ruleset/index.ts'

/** Loads the backends of a plugin: the rules of a call, by nf_tables and by iptables. */
export interface Backends<N, I = N> {
  nftables(): Promise<N>
  iptables(): Promise<I>
}

/** The backends that may have made something, whatever is configured now. */
export interface BackendsInUse<N, I = N> {
  /** Where the kernel has nf_tables. */
  readonly nftables?: N
  /** Where iptables may have a chain for it, and where the kernel has no nf_tables to ask. */
  readonly iptables?: I
}

/** A chain that is there when a plugin has made something by iptables. */
export type ChainInUse = Pick<IptablesChain, 'version' | 'table' | 'chain'>

/** A chain of one name in the tables `nat` of both IP versions. */
export function natChains(chain: string): ChainInUse[] {
  return ([4, 6] as const).map((version) => ({ version, table: 'nat', chain }))
}

/**
 * Loads the backends that may have made something. No program is started where iptables has none of the chains.
 *
 * @param chainsFor the chains to look for; called where the kernel has nf_tables
 */
export async function backendsInUse<N, I>(
  call: HostOfCall,
  load: Backends<N, I>,
  chainsFor: (nftables: N) => readonly ChainInUse[] | Promise<readonly ChainInUse[]>,
): Promise<BackendsInUse<N, I>> {
  using nft = await findRuleset(call)
  if (!nft) return { iptables: await load.iptables() }
  const nftables = await load.nftables()
  const hasChain = await mayHaveOne(nft, call.hostNetns, await chainsFor(nftables))
  return hasChain ? { nftables, iptables: await load.iptables() } : { nftables }
}

/**
 * Rules by nf_tables, and by iptables where the kernel lacks what they need. The kernel says so only when the rules are
 * declared: no question is asked where they are there already.
 */
export class EitherBackend<B> {
  readonly #nftables: B
  readonly #loadIptables: () => Promise<B>
  #used: B

  constructor(nftables: B, { iptables }: Pick<Backends<B>, 'iptables'>) {
    this.#nftables = nftables
    this.#loadIptables = iptables
    this.#used = nftables
  }

  /** The one by which {@link add} has tried last. */
  get used(): B {
    return this.#used
  }

  /**
   * @returns what `add` gives
   * @throws Error saying what the kernel lacks as well, when iptables fails
   */
  async add<T>(add: (backend: B) => Promise<T>): Promise<T> {
    try {
      return await add(this.#nftables)
    } catch (error) {
      if (!(error instanceof UnsupportedRulesError)) throw error
      this.#used = await this.#loadIptables()
      try {
        return await add(this.#used)
      } catch (cause) {
        throw new Error(`${error.message}; and by iptables: ${cause instanceof Error ? cause.message : cause}`, {
          cause,
        })
      }
    }
  }

  /**
   * Checks rules by nf_tables; where they are missing and iptables may have one of the chains, by iptables.
   *
   * @throws what `check` throws for the last one
   */
  async check(
    check: (backend: B) => Promise<void>,
    { call, chains }: { call: HostOfCall; chains: readonly ChainInUse[] },
  ): Promise<void> {
    try {
      await check(this.#nftables)
    } catch (error) {
      if (!(await withRuleset(call, (nft) => mayHaveOne(nft, call.hostNetns, chains)))) throw error
      await check(await this.#loadIptables())
    }
  }
}

async function mayHaveOne(nft: SharedRuleset, hostNetns: string, chains: readonly ChainInUse[]): Promise<boolean> {
  for (const chain of chains) if (await mayHaveIptablesChain(nft, { ...chain, hostNetns })) return true
  return false
}
