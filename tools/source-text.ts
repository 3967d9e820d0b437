/** Words after which a slash begins a regular expression, not a division. */
const beforeExpression = new Set(
  'await case delete do else in instanceof new of return throw typeof void yield'.split(' '),
)

const word = /[\w$]+/y

/**
 * TypeScript or C source with everything that is not code replaced by spaces: comments whole, strings, templates and
 * regular expressions between their delimiters. Length and line breaks stay, so a position means the same in both texts.
 */
export function blank(source: string): string {
  return new Blanker(source).run()
}

/** 1-based line of a position. */
export function lineAt(text: string, position: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++
  return line
}

class Blanker {
  readonly #source: string
  readonly #parts: string[] = []
  /** Depths of braces at which a `}` goes back into a template. */
  readonly #templates: number[] = []
  #at = 0
  #depth = 0
  #last = ''

  constructor(source: string) {
    this.#source = source
  }

  run(): string {
    if (this.#source.startsWith('#!')) this.#erase(this.#endOfLine())
    while (this.#at < this.#source.length) this.#step()
    return this.#parts.join('')
  }

  #step(): void {
    const two = this.#source.slice(this.#at, this.#at + 2)
    const one = two.charAt(0)
    if (two === '//') this.#erase(this.#endOfLine())
    else if (two === '/*') this.#erase(this.#after('*/'))
    else if (one === "'" || one === '"') this.#quoted(this.#stringEnd(one))
    else if (one === '`' || (one === '}' && this.#templates.at(-1) === this.#depth)) this.#template()
    else if (one === '/' && this.#expressionAllowed()) this.#quoted(this.#expressionEnd())
    else this.#code(one)
  }

  #code(one: string): void {
    word.lastIndex = this.#at
    const token = word.exec(this.#source)?.[0] ?? one
    if (token === '{') this.#depth++
    if (token === '}') this.#depth--
    if (token.trim() !== '') this.#last = token
    this.#keep(this.#at + token.length)
  }

  /** From a backtick, or from the brace that ends a substitution, to the next substitution or the end. */
  #template(): void {
    if (this.#source[this.#at] === '}') {
      this.#templates.pop()
      this.#depth--
    }
    this.#keep(this.#at + 1)
    let end = this.#at
    while (end < this.#source.length && this.#source[end] !== '`' && !this.#source.startsWith('${', end)) {
      end += this.#source[end] === '\\' ? 2 : 1
    }
    this.#erase(end)
    if (this.#source[end] === '`') {
      this.#keep(end + 1)
      this.#last = '`'
    } else {
      this.#keep(end + 2)
      this.#depth++
      this.#templates.push(this.#depth)
      this.#last = '{'
    }
  }

  #quoted(end: number): void {
    this.#keep(this.#at + 1)
    this.#erase(end - 1)
    this.#keep(end)
    this.#last = '"'
  }

  #keep(end: number): void {
    this.#parts.push(this.#source.slice(this.#at, end))
    this.#at = Math.min(end, this.#source.length)
  }

  #erase(end: number): void {
    this.#parts.push(this.#source.slice(this.#at, end).replace(/[^\n]/g, ' '))
    this.#at = Math.min(Math.max(end, this.#at), this.#source.length)
  }

  #endOfLine(): number {
    const end = this.#source.indexOf('\n', this.#at)
    return end < 0 ? this.#source.length : end
  }

  #after(text: string): number {
    const end = this.#source.indexOf(text, this.#at + 2)
    return end < 0 ? this.#source.length : end + text.length
  }

  #stringEnd(quote: string): number {
    let end = this.#at + 1
    while (end < this.#source.length && this.#source[end] !== quote && this.#source[end] !== '\n') {
      end += this.#source[end] === '\\' ? 2 : 1
    }
    return Math.min(end + 1, this.#source.length)
  }

  #expressionAllowed(): boolean {
    if (beforeExpression.has(this.#last)) return true
    return !/^[\w$)\]}"`]/.test(this.#last)
  }

  #expressionEnd(): number {
    let end = this.#at + 1
    let inClass = false
    while (end < this.#source.length && this.#source[end] !== '\n') {
      const one = this.#source[end]
      if (one === '/' && !inClass) return end + 1
      if (one === '[') inClass = true
      if (one === ']') inClass = false
      end += one === '\\' ? 2 : 1
    }
    return end
  }
}
