import { type Colour, type Glyphs, glyphsOf, paint, type Terminal } from './terminal.ts'

/** An interface as it is drawn. */
export interface DrawnLink {
  readonly name: string
  readonly mac: string
  readonly addresses: readonly string[]
}

/** A container: its interface, and the end of its cable at the bridge. */
export interface DrawnContainer {
  readonly name: string
  readonly link: DrawnLink
  readonly port: string
}

export interface Topology {
  readonly bridge: DrawnLink
  /** Addresses of the host that are outside of the containers' network. */
  readonly world: readonly string[]
  readonly containers: readonly DrawnContainer[]
}

interface Box {
  readonly title: string
  readonly lines: readonly string[]
  readonly left: number
  /** Including its edges. */
  readonly width: number
}

const GAP = 3
/** Where a cable meets a box, from its left edge. */
const JOINT = 3

/** Draws the host with its bridge above the containers that hang on it. */
export function drawTopology({ bridge, world, containers }: Topology, terminal: Terminal): string[] {
  const glyphs = glyphsOf(terminal)
  const below: Box[] = []
  for (const each of containers) below.push(containerBox(each, endOf(below)))
  const host = { title: 'host', lines: hostLines(bridge, world), left: 0 }
  const width = Math.max(boxWidth(host), endOf(below) - GAP)
  const joints = below.map(({ left }) => left + JOINT)
  return [
    ...boxTop({ ...host, width }, glyphs),
    ...boxSides({ ...host, width }, glyphs),
    boxBottom(width, joints, glyphs),
    cables(containers, joints, glyphs),
    ...sideBySide(
      below.map((box) => [...boxTop(box, glyphs, JOINT), ...boxSides(box, glyphs), boxBottom(box.width, [], glyphs)]),
    ),
  ].map((line) => coloured(line, containers, terminal))
}

function hostLines(bridge: DrawnLink, world: readonly string[]): string[] {
  const name = Math.max(bridge.name.length, 'lo'.length)
  return [
    `${'lo'.padEnd(name)}  ${world.join('  ')}  (the world)`,
    `${bridge.name.padEnd(name)}  ${bridge.addresses.join('  ')}  ${bridge.mac}  (the gateway)`,
  ]
}

function containerBox({ name, link }: DrawnContainer, left: number): Box {
  const lines = [`${link.name}  ${link.mac}`, `  ${link.addresses.join('  ')}`]
  const box = { title: name, lines, left }
  return { ...box, width: boxWidth(box) }
}

function boxWidth({ title, lines }: Pick<Box, 'title' | 'lines'>): number {
  return Math.max(title.length + JOINT + 4, ...lines.map((line) => line.length + 4))
}

function endOf(boxes: readonly Box[]): number {
  return boxes.reduce((end, { width }) => end + width + GAP, 0)
}

function boxTop({ title, width }: Box, { corners, horizontal, enters }: Glyphs, joint?: number): string[] {
  const [left, right] = corners.top
  const lead = joint === undefined ? horizontal : horizontal.repeat(joint - 1) + enters
  const text = `${left}${lead} ${title} `
  return [`${text}${horizontal.repeat(width - text.length - 1)}${right}`]
}

function boxSides({ lines, width }: Box, { vertical }: Glyphs): string[] {
  return lines.map((line) => `${vertical} ${line.padEnd(width - 4)} ${vertical}`)
}

function boxBottom(width: number, joints: readonly number[], { corners, horizontal, leaves }: Glyphs): string {
  const [left, right] = corners.bottom
  const edge = Array.from({ length: width - 2 }, (_, index) => (joints.includes(index + 1) ? leaves : horizontal))
  return `${left}${edge.join('')}${right}`
}

function cables(containers: readonly DrawnContainer[], joints: readonly number[], { vertical }: Glyphs): string {
  return containers.reduce((line, { port }, index) => `${line.padEnd(joints[index] ?? 0)}${vertical} ${port}`, '')
}

function sideBySide(boxes: readonly (readonly string[])[]): string[] {
  const height = Math.max(...boxes.map((lines) => lines.length))
  const widths = boxes.map(([first = '']) => first.length)
  return Array.from({ length: height }, (_, row) =>
    boxes
      .map((lines, index) => (lines[row] ?? '').padEnd(widths[index] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}

const colours: Readonly<Record<string, Colour>> = { red: 'red', blue: 'blue' }

/** Containers that are called like a colour are written in it. */
function coloured(line: string, containers: readonly DrawnContainer[], terminal: Terminal): string {
  return containers.reduce((text, { name }) => {
    const colour = colours[name]
    return colour === undefined ? text : text.replace(` ${name} `, ` ${paint(terminal, colour, name)} `)
  }, line)
}
