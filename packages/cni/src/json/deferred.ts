import { longValues } from './long-values.ts'
import type { JsonValue } from './value.ts'

/** A value in a text that is parsed when somebody asks for it. */
export interface Deferred {
  /** Where the value ends. */
  readonly end: number
  readonly text: string
  readonly read: (text: string) => JsonValue
}

/** Gives the value that begins at a place of a text, if it is to be parsed later. Asked for places in their order. */
export type Deferring = (at: number) => Deferred | undefined

/**
 * The long values of a text are parsed later, by `parse`. Nearly always they belong to keys that nobody knows: then they
 * are only seen to be JSON, as by Go.
 */
export function deferLongValues(text: string, parse: (text: string) => JsonValue): Deferring {
  const places = longValues(text)
  let next = 0
  return (at) => {
    const end = places[next + 1]
    if (at !== places[next] || end === undefined) return undefined
    next += 2
    return { end, text: text.slice(at, end), read: parse }
  }
}

export function deferNothing(): undefined {}
