import { quote } from '../json/index.ts'

/** The arguments that a plugin knows, by name, each with what makes its value of its text. */
export type ArgFields = Readonly<Record<string, (text: string) => unknown>>

/** What {@link loadArgs} returns: the arguments that were given. */
export type LoadedArgs<F extends ArgFields> = {
  -readonly [K in keyof F]?: Exclude<ReturnType<F[K]>, undefined>
}

/**
 * Reads `CNI_ARGS`: pairs `KEY=value` with `;` between them. Names are matched exactly, case included. An argument
 * that is not among `fields` is an error, unless `IgnoreUnknown` is `1` or `true` anywhere in the text. Of several
 * pairs with one name the last counts. The cause of an error about an unknown one has the remedy.
 *
 * ```ts
 * const { MAC, IP } = loadArgs(request.args, { MAC: String, IP: parseOptionalIP })
 * ```
 *
 * @throws {SyntaxError} `ARGS: invalid pair "x"`, `ARGS: unknown args ["FOO=1"]`, or
 *   `ARGS: error parsing value of pair "IP=x": ` and what the field's function said
 */
export function loadArgs<const F extends ArgFields>(text: string, fields: F): LoadedArgs<F> {
  const known = new Map(Object.entries({ ...fields, IgnoreUnknown: parseBoolean }))
  const values = new Map<string, unknown>()
  const unknown: string[] = []
  for (const pair of text === '' ? [] : text.split(';')) {
    const [key, value] = splitPair(pair)
    const parse = known.get(key)
    if (parse === undefined) unknown.push(pair)
    else
      values.set(
        key,
        parseValue(pair, () => parse(value)),
      )
  }
  if (unknown.length > 0 && values.get('IgnoreUnknown') !== true) {
    throw new SyntaxError(`ARGS: unknown args [${unknown.map(quote).join(' ')}]`, {
      cause: remedy(Object.keys(fields)),
    })
  }
  const given = [...values].filter(([key, value]) => Object.hasOwn(fields, key) && value !== undefined)
  // Each value was made by the function that `fields` has for it: what the type says.
  return Object.fromEntries(given) as LoadedArgs<F>
}

/** Goes into the `details` of what the plugin prints. */
function remedy(known: readonly string[]): SyntaxError {
  const names = known.map((name) => `"${name}"`).join(', ')
  return new SyntaxError(
    `Cannot use all of CNI_ARGS: the known arguments are ${names}; add "IgnoreUnknown=1" to have others passed over`,
  )
}

function splitPair(pair: string): [key: string, value: string] {
  const [key, value, ...more] = pair.split('=')
  if (key === undefined || value === undefined || more.length > 0) {
    throw new SyntaxError(`ARGS: invalid pair ${quote(pair)}`)
  }
  return [key, value]
}

function parseValue(pair: string, parse: () => unknown): unknown {
  try {
    return parse()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new SyntaxError(`ARGS: error parsing value of pair ${quote(pair)}: ${reason}`, { cause: error })
  }
}

function parseBoolean(text: string): boolean {
  const lower = text.toLowerCase()
  if (lower === '1' || lower === 'true') return true
  if (lower === '0' || lower === 'false') return false
  throw new SyntaxError(`boolean unmarshal error: invalid input ${text}`)
}
