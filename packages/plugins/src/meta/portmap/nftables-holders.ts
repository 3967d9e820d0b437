import type { IP } from '@patchbay/address'
import { type PortKey, portText, type Target } from './nftables-elements.ts'
import type { PortState } from './nftables-state.ts'

/** A port that somebody has. */
interface Holding {
  /** `undefined` for every address. */
  readonly host: IP | undefined
  /** Whether the port cannot be published at another address: it has conditions. */
  readonly isAlone: boolean
  readonly comment: string | undefined
}

/** Who has which ports, found by port. */
export class Holders {
  readonly #byPort = new Map<string, Holding[]>()

  constructor({ ports, addresses, conditions }: Pick<PortState, 'ports' | 'addresses' | 'conditions'>) {
    for (const { key, comment } of ports) this.#add(key, { host: undefined, isAlone: false, comment })
    for (const { key, comment } of conditions) this.#add(key, { host: undefined, isAlone: true, comment })
    for (const { key, comment } of addresses) this.#add([key[1], key[2]], { host: key[0], isAlone: false, comment })
  }

  /** Counts a port as somebody's. */
  add({ host, port }: Target, { isAlone, comment }: Omit<Holding, 'host'>): void {
    this.#add(port, { host, isAlone, comment })
  }

  #add(port: PortKey, holding: Holding): void {
    const holdings = this.#byPort.get(portText(port)) ?? []
    holdings.push(holding)
    this.#byPort.set(portText(port), holdings)
  }

  /**
   * The marks of those who have the same port at the same address, or at all of them.
   *
   * @param isAlone whether the port cannot be published at another address
   */
  of({ host, port }: Target, isAlone: boolean): (string | undefined)[] {
    const collides = (other: Holding) =>
      isAlone || other.isAlone || host === undefined || other.host === undefined || host.equals(other.host)
    return (this.#byPort.get(portText(port)) ?? []).filter(collides).map(({ comment }) => comment)
  }
}
