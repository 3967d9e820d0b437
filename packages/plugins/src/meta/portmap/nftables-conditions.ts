import { type CIDR, type IP, parseCIDR, parseIP } from '@patchbay/address'
import { quote } from '@patchbay/cni/json'
import {
  type Batch,
  type Chain,
  type Field,
  type InterfaceField,
  ip,
  ip6,
  meta,
  rule,
  type Statement,
  sctp,
  tcp,
  udp,
  verdict,
} from '@patchbay/linux/nftables'

/** Statements of which one is enough. */
type Condition = readonly Statement[]

/** How the values of a field are compared. */
interface Operand {
  is(text: string): Statement
  isNot(text: string): Statement
}

/** Each combination of values from lists is a rule; there is an end to it. */
const MAX_RULES = 64
const MAX_PORT = 0xffff
const MAX_MARK = 0xffffffff

const operands: ReadonlyMap<string, Operand> = new Map([
  ['ip saddr', address(ip.saddr)],
  ['ip daddr', address(ip.daddr)],
  ['ip6 saddr', address(ip6.saddr)],
  ['ip6 daddr', address(ip6.daddr)],
  ['tcp sport', port(tcp.sport)],
  ['tcp dport', port(tcp.dport)],
  ['udp sport', port(udp.sport)],
  ['udp dport', port(udp.dport)],
  ['sctp sport', port(sctp.sport)],
  ['sctp dport', port(sctp.dport)],
  ['meta mark', markValue(meta.mark)],
  ['meta iifname', interfaceName(meta.iifname)],
  ['meta oifname', interfaceName(meta.oifname)],
])

/**
 * The conditions of a configuration, in nft syntax: fields, each with a value, a range, a prefix or a list in braces,
 * or what it must not be behind `!=`. All of them must hold.
 *
 * @param key of the configuration, for messages
 * @throws SyntaxError naming what is not understood
 */
export function parseConditions(words: readonly string[], key: string): Condition[] {
  const tokens = words.join(' ').match(/[{},]|!=|==|[^\s{},]+/g) ?? []
  const conditions: Condition[] = []
  while (tokens.length > 0) conditions.push(...parseCondition(tokens, key))
  if (combinations(conditions).length > MAX_RULES)
    throw new SyntaxError(`Cannot use ${key}: its lists make more than ${MAX_RULES} combinations`)
  return conditions
}

/** Lets what meets the conditions come back from the chain, and leaves everything else as it is. */
export function declareConditions(batch: Batch, chain: Chain, conditions: readonly Condition[]): void {
  batch.addChain(chain)
  batch.flushChain(chain)
  for (const statements of combinations(conditions)) batch.addRule(rule(chain, ...statements, verdict.return))
  batch.addRule(rule(chain, verdict.accept))
}

/** Takes the tokens of a condition away. */
function parseCondition(tokens: string[], key: string): Condition[] {
  const [first = '', second = ''] = tokens
  const isName = first === 'iifname' || first === 'oifname'
  const name = isName ? `meta ${first}` : `${first} ${second}`
  const operand = operands.get(name)
  const isForeign = first === (key.endsWith('4') ? 'ip6' : 'ip')
  if (!operand || isForeign) throw new SyntaxError(`Cannot understand ${quote(first)} in ${key}: it is no field for it`)
  tokens.splice(0, isName ? 1 : 2)
  const isNegative = tokens[0] === '!='
  if (isNegative || tokens[0] === '==') tokens.shift()
  const values = takeValues(tokens, key).map((text) => {
    try {
      return isNegative ? operand.isNot(text) : operand.is(text)
    } catch (cause) {
      throw new SyntaxError(`Cannot understand ${quote(text)} in ${key}: it is no value of "${name}"`, { cause })
    }
  })
  return isNegative ? values.map((value) => [value]) : [values]
}

/** One value, or those of a list in braces. */
function takeValues(tokens: string[], key: string): string[] {
  if (tokens[0] !== '{') return [tokens.shift() ?? '']
  const end = tokens.indexOf('}')
  if (end < 2) throw new SyntaxError(`Cannot understand "{" in ${key}: it begins no list`)
  return tokens.splice(0, end + 1).filter((token) => !/^[{},]$/.test(token))
}

/** Every way to choose a statement from each condition. */
function combinations(conditions: readonly Condition[]): Statement[][] {
  return conditions.reduce<Statement[][]>(
    (all, condition) =>
      all.flatMap((before) => condition.map((statement) => [...before, statement])).slice(0, MAX_RULES + 1),
    [[]],
  )
}

function address(field: Field<IP>): Operand {
  return ordered(field, parseIP, (text) => (text.includes('/') ? parseCIDR(text) : parseIP(text)))
}

function port(field: Field<number>): Operand {
  return ordered(field, (text) => number(text, MAX_PORT))
}

/** One value, or two with a hyphen for all that are between. */
function ordered<T>(
  field: Field<T>,
  parse: (text: string) => T,
  parseOne: (text: string) => T | CIDR = parse,
): Operand {
  const range = (text: string) => {
    const [first, last] = text.split('-')
    return first !== undefined && last !== undefined ? ([parse(first), parse(last)] as const) : undefined
  }
  return {
    is(text) {
      const between = range(text)
      return between ? field.isBetween(...between) : field.is(parseOne(text))
    },
    isNot(text) {
      const between = range(text)
      return between ? field.isNotBetween(...between) : field.isNot(parseOne(text))
    },
  }
}

function markValue(field: Field<number>): Operand {
  return { is: (text) => field.is(number(text, MAX_MARK)), isNot: (text) => field.isNot(number(text, MAX_MARK)) }
}

/** A name, or the beginning of one with `*` behind it. */
function interfaceName(field: InterfaceField): Operand {
  return {
    is(text) {
      const name = unquoted(text)
      return name.endsWith('*') ? field.startsWith(name.slice(0, -1)) : field.is(name)
    },
    isNot(text) {
      const name = unquoted(text)
      if (name.endsWith('*')) throw new SyntaxError('a beginning can only be asked for')
      return field.isNot(name)
    },
  }
}

function unquoted(text: string): string {
  const name = text.replace(/^"(.*)"$/, '$1')
  if (name === '') throw new SyntaxError('a name is missing')
  return name
}

/** Decimal or hexadecimal. */
function number(text: string, max: number): number {
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN
  if (!(value <= max)) throw new RangeError(`not a number up to ${max}`)
  return value
}
