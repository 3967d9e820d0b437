/** A fenced block. */
export interface Fence {
  /** What follows the opening marks: `ts no-run`. */
  readonly info: string
  /** Line of the first line inside, 1-based. */
  readonly line: number
  readonly text: string
  /** Line of the closing marks. */
  readonly end: number
}

export interface Link {
  readonly target: string
  readonly line: number
}

interface Block {
  readonly fence: Fence | undefined
  /** Lines of prose with what fences hold left out, so that line numbers stay. */
  readonly line: string
}

/** The fenced blocks of a document in order; indentation of the opening marks is taken off the text. */
export function fencesOf(document: string): Fence[] {
  return blocks(document).flatMap(({ fence }) => (fence === undefined ? [] : [fence]))
}

/** Targets of links, images and reference definitions, outside of code. */
export function linksOf(document: string): Link[] {
  return prose(document).flatMap((text, index) => {
    const plain = text.replace(/`+[^`]*`+/g, '')
    const inline = [...plain.matchAll(/\]\(\s*<?([^)<>\s]+)>?(?:\s+"[^"]*")?\s*\)/g)]
    const references = [...plain.matchAll(/^\s{0,3}\[[^\]]+\]:\s*<?([^<>\s]+)>?/g)]
    return [...inline, ...references].map(([, target = '']) => ({ target, line: index + 1 }))
  })
}

/** Names that `#…` may lead to: headings as GitHub writes them, and explicit `id` or `name` attributes. */
export function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>()
  for (const line of prose(document)) {
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading !== undefined) addHeading(anchors, heading)
    for (const [, name = ''] of line.matchAll(/<\w+[^>]*\s(?:id|name)="([^"]+)"/g)) anchors.add(name)
  }
  return anchors
}

function addHeading(anchors: Set<string>, heading: string): void {
  const text = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
  const slug = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
  let anchor = slug
  for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`
  anchors.add(anchor)
}

function prose(document: string): string[] {
  return blocks(document).map(({ line }) => line)
}

function blocks(document: string): Block[] {
  const lines = document.split('\n')
  const found: Block[] = []
  for (let index = 0; index < lines.length; index++) {
    const fence = fenceAt(lines, index)
    if (fence === undefined) {
      found.push({ fence, line: lines[index] ?? '' })
      continue
    }
    found.push({ fence, line: '' })
    for (; index < fence.end - 1; index++) found.push({ fence: undefined, line: '' })
  }
  return found
}

function fenceAt(lines: readonly string[], index: number): Fence | undefined {
  const open = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(lines[index] ?? '')
  if (open === null) return undefined
  const [, indentation = '', marks = '', info = ''] = open
  const rest = lines.slice(index + 1)
  const close = rest.findIndex(
    (line) => line.trim().startsWith(marks) && line.trim() === marks.charAt(0).repeat(line.trim().length),
  )
  const inside = close < 0 ? rest : rest.slice(0, close)
  const text = inside.map((line) => (line.startsWith(indentation) ? line.slice(indentation.length) : line.trimStart()))
  return { info: info.trim(), line: index + 2, text: text.join('\n'), end: index + 2 + inside.length }
}
