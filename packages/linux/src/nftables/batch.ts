import type { Request } from '../netlink/index.ts'
import { type Chain, putChain, removeChain } from './chain.ts'
import { type ElementKey, type NewElement, putElements, removeAllElements, removeElements } from './element.ts'
import type { KeyType } from './key-type.ts'
import { type NamedObject, putObject, removeObject } from './object.ts'
import type { Removal } from './operations.ts'
import { type Place, putRule, type Rule, type RuleRef, removeRule, removeRules, replaceRule } from './rule.ts'
import { type MapData, type NamedSet, putSet, removeSet } from './set.ts'
import { putTable, removeTable, type Table } from './table.ts'
import type { TableMember, TableRef } from './table-member.ts'

/**
 * Commands that take effect together or not at all, in the words of `nft`: `add` leaves what is there, `create` refuses
 * then (`EEXIST`); `delete` refuses when there is nothing (`ENOENT`), `destroy` does not, and needs Linux 6.3.
 */
export class Batch {
  readonly #requests: Request[] = []
  #sets = 0

  /** What has been asked for so far. */
  get requests(): readonly Request[] {
    return this.#requests
  }

  addTable(table: Table): void {
    this.#requests.push(putTable(table, 'add'))
  }

  createTable(table: Table): void {
    this.#requests.push(putTable(table, 'create'))
  }

  /** With all that is in it. */
  deleteTable(table: TableRef): void {
    this.#requests.push(removeTable(table, 'delete'))
  }

  destroyTable(table: TableRef): void {
    this.#requests.push(removeTable(table, 'destroy'))
  }

  /** One that is there takes over the policy; it must have the same hook. */
  addChain(chain: Chain): void {
    this.#requests.push(putChain(chain, 'add'))
  }

  createChain(chain: Chain): void {
    this.#requests.push(putChain(chain, 'create'))
  }

  /** With its rules. Refused with `EBUSY` while a rule or a verdict map leads to it. */
  deleteChain(chain: TableMember): void {
    this.#requests.push(removeChain(chain, 'delete'))
  }

  destroyChain(chain: TableMember): void {
    this.#requests.push(removeChain(chain, 'destroy'))
  }

  /** Deletes the rules of a chain. */
  flushChain(chain: TableMember): void {
    this.#requests.push(removeRules(chain))
  }

  /** Behind all rules of the chain, or behind the one with the handle `at`. */
  addRule(rule: Rule, place: Omit<Place, 'first'> = {}): void {
    this.#requests.push(putRule(rule, place))
  }

  /** Before all rules of the chain, or before the one with the handle `at`. */
  insertRule(rule: Rule, place: Omit<Place, 'first'> = {}): void {
    this.#requests.push(putRule(rule, { ...place, first: true }))
  }

  replaceRule(rule: Rule, handle: bigint): void {
    this.#requests.push(replaceRule(rule, handle))
  }

  deleteRule(rule: RuleRef): void {
    this.#requests.push(removeRule(rule, 'delete'))
  }

  destroyRule(rule: RuleRef): void {
    this.#requests.push(removeRule(rule, 'destroy'))
  }

  /** One that is there must be of the same types. */
  addSet(set: NamedSet): void {
    this.#requests.push(putSet(set, 'add', ++this.#sets))
  }

  createSet(set: NamedSet): void {
    this.#requests.push(putSet(set, 'create', ++this.#sets))
  }

  /** With its elements. Refused with `EBUSY` while a rule uses it. */
  deleteSet(set: TableMember): void {
    this.#requests.push(removeSet(set, 'delete'))
  }

  destroySet(set: TableMember): void {
    this.#requests.push(removeSet(set, 'destroy'))
  }

  /** Deletes the elements of a set. */
  flushSet(set: TableMember): void {
    this.#requests.push(removeAllElements(set))
  }

  /** A key that a map has with other data is refused. */
  addElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    elements: readonly NewElement<K, D>[],
  ): void {
    this.#requests.push(...putElements(set, elements, 'add'))
  }

  createElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    elements: readonly NewElement<K, D>[],
  ): void {
    this.#requests.push(...putElements(set, elements, 'create'))
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
    this.#requests.push(putObject(object, 'add'))
  }

  createObject(object: NamedObject): void {
    this.#requests.push(putObject(object, 'create'))
  }

  /** Refused with `EBUSY` while a rule or an element refers to it. */
  deleteObject(object: NamedObject): void {
    this.#requests.push(removeObject(object, 'delete'))
  }

  destroyObject(object: NamedObject): void {
    this.#requests.push(removeObject(object, 'destroy'))
  }

  #removeElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    keys: readonly ElementKey<K>[],
    removal: Removal,
  ): void {
    this.#requests.push(...removeElements(set, keys, removal))
  }
}
