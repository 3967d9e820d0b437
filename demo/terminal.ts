/** What the output may be made of. */
export interface Terminal {
  /** Box drawing, arrows and ticks; plain ASCII otherwise. */
  readonly unicode: boolean
  readonly colour: boolean
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'blue'

/** ECMA-48 §8.3.117 "Select Graphic Rendition". */
const codes: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, blue: 34 }

export interface Glyphs {
  readonly passed: string
  readonly failed: string
  readonly arrow: string
  readonly horizontal: string
  readonly vertical: string
  readonly corners: { readonly top: readonly [string, string]; readonly bottom: readonly [string, string] }
  /** Where a line leaves a box downwards, and where it enters one from above. */
  readonly leaves: string
  readonly enters: string
}

const unicodeGlyphs: Glyphs = {
  passed: '✓',
  failed: '✗',
  arrow: '→',
  horizontal: '─',
  vertical: '│',
  corners: { top: ['┌', '┐'], bottom: ['└', '┘'] },
  leaves: '┬',
  enters: '┴',
}

const asciiGlyphs: Glyphs = {
  passed: 'ok',
  failed: 'no',
  arrow: '->',
  horizontal: '-',
  vertical: '|',
  corners: { top: ['+', '+'], bottom: ['+', '+'] },
  leaves: '+',
  enters: '+',
}

/**
 * Judges a terminal by the environment: Unicode where it is a terminal and the locale says UTF-8 (POSIX XBD §8.2: the
 * first of `LC_ALL`, `LC_CTYPE` and `LANG` that is not empty), colour where it is one and `NO_COLOR` is not set.
 */
export function terminalOf(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): Terminal {
  const capable = isTerminal && env['TERM'] !== 'dumb'
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return { unicode: capable && /utf-?8/i.test(locale), colour: capable && !env['NO_COLOR'] }
}

export function glyphsOf({ unicode }: Terminal): Glyphs {
  return unicode ? unicodeGlyphs : asciiGlyphs
}

/** `text` in a colour, where the terminal has any. */
export function paint({ colour }: Terminal, name: Colour, text: string): string {
  return colour ? `\u001b[${codes[name]}m${text}\u001b[0m` : text
}
