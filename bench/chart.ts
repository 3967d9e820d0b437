import { type Row, ratioOf as ratioWithInterval } from './statistics.ts'

const barHeight = 16
const labelWidth = 390
const plotWidth = 480
const colours = ['#0a7d5a', '#7fb8a4', '#c4c4c4']

/**
 * A chart of how many times quicker each lane is than `base`, as SVG: a bar for each row and lane on a logarithmic axis,
 * on which as much quicker and as much slower are as long.
 */
export function chart(rows: readonly Row[], compared: readonly string[], base: string): string {
  const groupHeight = compared.length * barHeight + 10
  const height = 50 + rows.length * groupHeight
  const ratios = rows.flatMap((row) => compared.map((lane) => ratioOf(row, lane, base) ?? 1))
  const scale = scaleFor(ratios)
  const bars = rows.flatMap((row, index) => {
    const top = 40 + index * groupHeight
    const label = text(labelWidth - 10, top + (compared.length * barHeight) / 2 + 4, row.name, 'end')
    return [
      label,
      ...compared.map((lane, at) => bar(ratioOf(row, lane, base), { top: top + at * barHeight, at, scale })),
    ]
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${labelWidth + plotWidth + 60}" height="${height}" font-family="sans-serif" font-size="12">
<title>Times quicker than ${base}</title>
<rect width="100%" height="100%" fill="white"/>
${compared.map((lane, at) => legend(lane, at)).join('\n')}
${text(labelWidth - 10, 18, `times quicker than ${base}`, 'end')}
<line x1="${labelWidth + scale(1)}" y1="30" x2="${labelWidth + scale(1)}" y2="${height - 8}" stroke="#444"/>
${bars.join('\n')}
</svg>
`
}

type Scale = (ratio: number) => number

function ratioOf(row: Row, lane: string, base: string): number | undefined {
  return ratioWithInterval(row, lane, base)?.ratio
}

function scaleFor(ratios: readonly number[]): Scale {
  const low = Math.log(Math.min(1, ...ratios))
  const high = Math.log(Math.max(2, ...ratios))
  return (ratio) => ((Math.log(ratio) - low) / (high - low)) * plotWidth
}

function bar(ratio: number | undefined, { top, at, scale }: { top: number; at: number; scale: Scale }): string {
  if (ratio === undefined) return ''
  const [from, to] = [scale(1), scale(ratio)].sort((a, b) => a - b) as [number, number]
  const label = text(labelWidth + to + 4, top + 12, `${ratio.toFixed(ratio >= 10 ? 0 : 1)}x`, 'start')
  const rectangle = `<rect x="${(labelWidth + from).toFixed(1)}" y="${top}" width="${(to - from).toFixed(1)}" height="${barHeight - 2}" fill="${colours[at]}"/>`
  return `${rectangle}\n${label}`
}

function legend(lane: string, at: number): string {
  const x = labelWidth + at * 200
  return `<rect x="${x}" y="8" width="12" height="12" fill="${colours[at]}"/>\n${text(x + 18, 18, lane, 'start')}`
}

function text(x: number, y: number, content: string, anchor: 'start' | 'end'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped}</text>`
}
