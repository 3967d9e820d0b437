import type { NetlinkRequest } from '../netlink/index.ts'
import { type Chain, putChainRequest, removeChainRequest } from './chain.ts'
import {
  type ElementKey,
  type NewElement,
  putElementRequests,
  removeAllElementsRequest,
  removeElementRequests,
} from './element.ts'
import type { KeyType } from './key-type.ts'
import { type NamedObject, putObjectRequest, removeObjectRequest } from './object.ts'
import type { Removal } from './operations.ts'
import {
  putRuleRequest,
  type Rule,
  type RulePosition,
  type RuleRef,
  removeRuleRequest,
  removeRulesRequest,
  replaceRuleRequest,
} from './rule.ts'
import { type MapData, type NamedSet, putSetRequest, removeSetRequest } from './set.ts'
import { putTableRequest, removeTableRequest, type Table } from './table.ts'
import type { TableMember, TableRef } from './table-member.ts'

/**
 * Commands that take effect together or not at all, named as in `nft`: `add` leaves what is there, `create` refuses
 * then (`EEXIST`); `delete` refuses when there is nothing (`ENOENT`), `destroy` does not, and needs Linux 6.3.
 */
export class Batch {
  readonly #requests: NetlinkRequest[] = []
  #sets = 0

  /** What has been asked for so far. */
  get requests(): readonly NetlinkRequest[] {
    return this.#requests
  }

  addTable(table: Table): void {
    this.#requests.push(putTableRequest(table, 'add'))
  }

  createTable(table: Table): void {
    this.#requests.push(putTableRequest(table, 'create'))
  }

  /** With all that is in it. */
  deleteTable(table: TableRef): void {
    this.#requests.push(removeTableRequest(table, 'delete'))
  }

  destroyTable(table: TableRef): void {
    this.#requests.push(removeTableRequest(table, 'destroy'))
  }

  /** One that is there takes over the policy; it must have the same hook. */
  addChain(chain: Chain): void {
    this.#requests.push(putChainRequest(chain, 'add'))
  }

  createChain(chain: Chain): void {
    this.#requests.push(putChainRequest(chain, 'create'))
  }

  /** With its rules. Refused with `EBUSY` while a rule or a verdict map leads to it. */
  deleteChain(chain: TableMember): void {
    this.#requests.push(removeChainRequest(chain, 'delete'))
  }

  destroyChain(chain: TableMember): void {
    this.#requests.push(removeChainRequest(chain, 'destroy'))
  }

  /** Deletes the rules of a chain. */
  flushChain(chain: TableMember): void {
    this.#requests.push(removeRulesRequest(chain))
  }

  /** Behind all rules of the chain, or behind the one with the handle `at`. */
  addRule(rule: Rule, position: Omit<RulePosition, 'first'> = {}): void {
    this.#requests.push(putRuleRequest(rule, position))
  }

  /** Before all rules of the chain, or before the one with the handle `at`. */
  insertRule(rule: Rule, position: Omit<RulePosition, 'first'> = {}): void {
    this.#requests.push(putRuleRequest(rule, { ...position, first: true }))
  }

  replaceRule(rule: Rule, handle: bigint): void {
    this.#requests.push(replaceRuleRequest(rule, handle))
  }

  deleteRule(rule: RuleRef): void {
    this.#requests.push(removeRuleRequest(rule, 'delete'))
  }

  destroyRule(rule: RuleRef): void {
    this.#requests.push(removeRuleRequest(rule, 'destroy'))
  }

  /** One that is there must be of the same types. */
  addSet(set: NamedSet): void {
    this.#requests.push(putSetRequest(set, 'add', ++this.#sets))
  }

  createSet(set: NamedSet): void {
    this.#requests.push(putSetRequest(set, 'create', ++this.#sets))
  }

  /** With its elements. Refused with `EBUSY` while a rule uses it. */
  deleteSet(set: TableMember): void {
    this.#requests.push(removeSetRequest(set, 'delete'))
  }

  destroySet(set: TableMember): void {
    this.#requests.push(removeSetRequest(set, 'destroy'))
  }

  /** Deletes the elements of a set. */
  flushSet(set: TableMember): void {
    this.#requests.push(removeAllElementsRequest(set))
  }

  /** A key that a map has with other data is refused. */
  addElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    elements: readonly NewElement<K, D>[],
  ): void {
    this.#requests.push(...putElementRequests(set, elements, 'add'))
  }

  createElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    elements: readonly NewElement<K, D>[],
  ): void {
    this.#requests.push(...putElementRequests(set, elements, 'create'))
  }

  deleteElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    keys: readonly ElementKey<K>[],
  ): void {
    this.#removeElements(set, keys, 'delete')
  }

  destroyElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    keys: readonly ElementKey<K>[],
  ): void {
    this.#removeElements(set, keys, 'destroy')
  }

  /** A counter, a quota and the like, for rules to refer to. */
  addObject(object: NamedObject): void {
    this.#requests.push(putObjectRequest(object, 'add'))
  }

  createObject(object: NamedObject): void {
    this.#requests.push(putObjectRequest(object, 'create'))
  }

  /** Refused with `EBUSY` while a rule or an element refers to it. */
  deleteObject(object: NamedObject): void {
    this.#requests.push(removeObjectRequest(object, 'delete'))
  }

  destroyObject(object: NamedObject): void {
    this.#requests.push(removeObjectRequest(object, 'destroy'))
  }

  #removeElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    keys: readonly ElementKey<K>[],
    removal: Removal,
  ): void {
    this.#requests.push(...removeElementRequests(set, keys, removal))
  }
}
