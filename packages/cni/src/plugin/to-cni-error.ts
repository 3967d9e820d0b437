import { CniError, isCniError } from '../types/index.ts'

/**
 * Returns the error that a plugin prints for whatever it threw: a CniError as it is, even one that others wrap; for
 * anything else code 999 with its text, and in `details` the texts of its causes that say more.
 */
export function toCniError(thrown: unknown): CniError {
  const chain = causesOf(thrown)
  const coded = chain.find(isCniError)
  if (coded !== undefined) return coded
  const [msg = '', ...more] = chain.map(textOf)
  return new CniError('internal', msg, { details: newTexts(msg, more).join(': '), cause: thrown })
}

/** Returns what was thrown, then its cause, then the cause's, once each. */
function causesOf(thrown: unknown): unknown[] {
  const chain = new Set([thrown])
  for (let cause = causeOf(thrown); cause !== undefined && !chain.has(cause); cause = causeOf(cause)) chain.add(cause)
  return [...chain]
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.cause : undefined
}

/** Errors that were gathered are reported together, each on a line of its own. */
function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const gathered = thrown instanceof AggregateError ? thrown.errors.map((error) => textOf(error)) : []
  const own = thrown.message || (gathered.length === 0 ? thrown.name : '')
  return [own, ...gathered].filter((text) => text !== '').join('\n')
}

/** Leaves out texts that were said before: many a wrapper repeats its cause's. */
function newTexts(said: string, texts: readonly string[]): string[] {
  return texts.filter((text, at) => ![said, ...texts.slice(0, at)].some((earlier) => earlier.includes(text)))
}
