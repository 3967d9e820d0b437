import {
  isNetlinkError,
  NetlinkError,
  type NetlinkRequest,
  type NetlinkSocket,
  type Operation,
  type SocketOptions,
} from '../netlink/index.ts'
import { openNetfilterSocket } from '../nfnetlink/index.ts'
import { errno } from '../sys/index.ts'
import { Batch } from './batch.ts'
import { type ChainState, chainOperations, decodeChain, getChainRequest, listChainsRequest } from './chain.ts'
import {
  decodeElements,
  type ElementKey,
  elementOperations,
  getElementRequest,
  hasDuplicates,
  listElementsRequest,
  type SetElement,
} from './element.ts'
import { batchFrame, generationOperations, getGenerationRequest } from './generation.ts'
import type { KeyType } from './key-type.ts'
import {
  decodeObject,
  getObjectRequest,
  type ListedObject,
  listObjectsRequest,
  type NamedObject,
  objectOperations,
} from './object.ts'
import { decodeRule, listRulesRequest, type RuleState, ruleOperations } from './rule.ts'
import { getSetRequest, listSetsRequest, type MapData, type NamedSet, setOperations } from './set.ts'
import { decodeSet, type SetState } from './set-state.ts'
import { decodeTable, getTableRequest, listTablesRequest, type TableState, tableOperations } from './table.ts'
import type { TableMember, TableRef } from './table-member.ts'

/** What others keep changing under us is read this often. */
const READING_ATTEMPTS = 16

/** What the first reading gives that is of use. */
async function untilSettled<T>(operation: string, read: () => Promise<[] | [T]>): Promise<T> {
  for (let attempt = 0; attempt < READING_ATTEMPTS; attempt++) {
    const reading = await read()
    if (reading.length === 1) return reading[0]
  }
  throw new NetlinkError(operation, errno.EINTR, {
    extack: { message: `the rules changed during each of ${READING_ATTEMPTS} readings` },
  })
}

const deletion = /^NFT_MSG_(?:DEL|DESTROY)/

/** The packet filter of one network namespace. */
export class Nftables implements Disposable {
  readonly #socket: NetlinkSocket

  /** @param socket of {@link openNetfilterSocket}; {@link close} closes it */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket
  }

  /** @throws SystemError when the socket cannot be opened in that namespace */
  static open(options: SocketOptions = {}): Nftables {
    return new Nftables(openNetfilterSocket(options))
  }

  /**
   * Carries out the commands of a batch, all or none.
   *
   * @param fill adds the commands
   * @param generation of {@link getGeneration}: refuses with `ERESTART` when the rules have changed since
   * @returns the rules for which `echo` was asked, with their handles
   * @throws NetlinkError for the first command that was refused; `object` says what it was about, `position` which of
   *   the messages it was, `extack` what of it
   */
  async transaction(
    fill: (batch: Batch) => void,
    options: { generation?: number | undefined } = {},
  ): Promise<RuleState[]> {
    const batch = new Batch()
    fill(batch)
    const frame = batchFrame(options.generation)
    if (batch.requests.some(({ name }) => deletion.test(name))) this.#socket.markSlowClose()
    const echoed = await this.#socket.requestBatch(batch.requests, frame, ruleOperations.new)
    return echoed.map(decodeRule).filter((rule) => rule !== undefined)
  }

  /** A number that every change of the rules in this namespace increases. */
  async getGeneration(): Promise<number> {
    return (await this.#socket.get(getGenerationRequest(), generationOperations.reply)).id ?? 0
  }

  /**
   * What `read` gives when nothing changed while it read. It is called again otherwise.
   *
   * @throws NetlinkError `EINTR` when the rules never stayed the same for one reading, or what `read` throws
   */
  async snapshot<T>(read: (generation: number) => Promise<T>): Promise<T> {
    let generation = await this.getGeneration()
    return untilSettled('NFT_MSG_GETGEN', async () => {
      const result = await read(generation)
      const before = generation
      generation = await this.getGeneration()
      return before === generation ? [result] : []
    })
  }

  /** @returns `undefined` for a table that does not exist */
  async findTable(table: TableRef): Promise<TableState | undefined> {
    const message = await this.#find(getTableRequest(table), tableOperations.new)
    return message && decodeTable(message)
  }

  /** Of all families. */
  async listTables(): Promise<TableState[]> {
    const messages = await this.#socket.list(listTablesRequest(), tableOperations.new)
    return messages.map(decodeTable).filter((table) => table !== undefined)
  }

  /** @returns `undefined` for a chain that does not exist */
  async findChain(chain: TableMember): Promise<ChainState | undefined> {
    const message = await this.#find(getChainRequest(chain), chainOperations.new)
    return message && decodeChain(message)
  }

  /** Those of one table. */
  async listChains(table: TableRef): Promise<ChainState[]> {
    const messages = await this.#socket.list(listChainsRequest(table), chainOperations.new)
    const all = messages.map(decodeChain).filter((chain) => chain !== undefined)
    return all.filter((chain) => chain.table.name === table.name)
  }

  /** The rules of a chain in their order; none when there is no such chain. */
  async listRules(chain: TableMember): Promise<RuleState[]> {
    const messages = await this.#list(listRulesRequest(chain), ruleOperations.new)
    return messages.map(decodeRule).filter((rule) => rule !== undefined)
  }

  /** @returns `undefined` for a set that does not exist */
  async findSet(set: TableMember): Promise<SetState | undefined> {
    const message = await this.#find(getSetRequest(set), setOperations.new)
    return message && decodeSet(message)
  }

  /** The sets and maps of a table, without those that rules have for themselves. */
  async listSets(table: TableRef): Promise<SetState[]> {
    const messages = await this.#list(listSetsRequest(table), setOperations.new)
    return messages.map(decodeSet).filter((set) => set !== undefined)
  }

  /** @returns `undefined` when no object has that name and kind */
  async findObject(object: NamedObject): Promise<ListedObject | undefined> {
    const message = await this.#find(getObjectRequest(object), objectOperations.new)
    return message && decodeObject(message)
  }

  /** The counters, quotas and other named objects of a table. */
  async listObjects(table: TableRef): Promise<ListedObject[]> {
    const messages = await this.#list(listObjectsRequest(table), objectOperations.new)
    return messages.map(decodeObject).filter((object) => object !== undefined)
  }

  /** The elements of a set; none when there is no such set. */
  async listElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
  ): Promise<SetElement<K, D>[]> {
    return untilSettled('NFT_MSG_GETSETELEM', async () => {
      const messages = await this.#list(listElementsRequest(set), elementOperations.new)
      const raw = messages.flatMap(({ elements = [] }) => elements)
      // While the kernel enlarges a set, it lists some elements twice, and others not at all.
      return hasDuplicates(raw) ? [] : [decodeElements(set, raw)]
    })
  }

  /** @returns `undefined` when the set does not have the key, and when there is no such set */
  async findElement<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    key: ElementKey<K>,
  ): Promise<SetElement<K, D> | undefined> {
    const messages = await orNone(this.#socket.request(getElementRequest(set, key), elementOperations.new))
    return decodeElements(
      set,
      messages.flatMap(({ elements = [] }) => elements),
    )[0]
  }

  close(): void {
    this.#socket.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #find<R>(request: NetlinkRequest, reply: Operation<R>): Promise<R | undefined> {
    return this.#socket.find(request, reply, errno.ENOENT)
  }

  #list<R>(request: NetlinkRequest, reply: Operation<R>): Promise<R[]> {
    return orNone(this.#socket.list(request, reply))
  }
}

/** Nothing, where the kernel says that there is no such object. */
async function orNone<R>(found: Promise<R[]>): Promise<R[]> {
  try {
    return await found
  } catch (error) {
    if (isNetlinkError(error, 'ENOENT')) return []
    throw error
  }
}
