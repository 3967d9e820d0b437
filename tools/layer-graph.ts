import { below, type Layer, type LayerRules, shortName } from './layer-rules.ts'

export const graphStart = '<!-- layers -->'
export const graphEnd = '<!-- /layers -->'

/**
 * The layers as a mermaid flow chart. An arrow is drawn where one layer may import another; those that follow from a
 * chain of other arrows are left out.
 */
export function layerGraph(rules: LayerRules): string {
  const lines = ['flowchart TD']
  for (const [owner, layers] of byPackage(rules.layers)) lines.push(...packageLines(owner, layers))
  for (const layer of rules.layers) {
    for (const target of directlyBelow(rules, layer)) lines.push(`  ${id(layer)} --> ${id(target)}`)
  }
  return `${lines.join('\n')}\n`
}

/** The text that stands between the markers in ARCHITECTURE.md. */
export function graphSection(rules: LayerRules): string {
  return `\n\`\`\`mermaid\n${layerGraph(rules)}\`\`\`\n`
}

/** A document with its section replaced; `undefined` when it has no markers. */
export function withGraph(document: string, rules: LayerRules): string | undefined {
  const start = document.indexOf(graphStart)
  const end = document.indexOf(graphEnd)
  if (start < 0 || end < start) return undefined
  return document.slice(0, start + graphStart.length) + graphSection(rules) + document.slice(end)
}

function packageLines(owner: string, layers: readonly Layer[]): string[] {
  const nodes = layers.map((layer) => `${id(layer)}["${label(owner, layer)}"]`)
  if (layers.length === 1) return nodes.map((node) => `  ${node}`)
  return [`  subgraph ${owner}`, ...nodes.map((node) => `    ${node}`), '  end']
}

function byPackage(layers: readonly Layer[]): Map<string, Layer[]> {
  const packages = new Map<string, Layer[]>()
  for (const layer of layers) {
    const owner = shortName(layer.name).split('/')[0] ?? ''
    packages.set(owner, [...(packages.get(owner) ?? []), layer])
  }
  return packages
}

function label(owner: string, layer: Layer): string {
  const name = shortName(layer.name)
  if (name === owner) return name
  return name.endsWith('/*') ? 'each plugin' : name.slice(owner.length + 1)
}

/** Mermaid reads `end` and signs as its own, so an identifier is the name with underscores and a prefix. */
function id(layer: Layer): string {
  return `layer_${shortName(layer.name).replace('/*', '/each').replace(/\W/g, '_')}`
}

function directlyBelow(rules: LayerRules, layer: Layer): Layer[] {
  const targets = below(rules, layer)
  const implied = new Set(targets.flatMap((target) => [...reachable(rules, target)]))
  return targets.filter((target) => !implied.has(target))
}

function reachable(rules: LayerRules, from: Layer, seen = new Set<Layer>()): Set<Layer> {
  for (const next of below(rules, from)) {
    if (seen.has(next)) continue
    seen.add(next)
    reachable(rules, next, seen)
  }
  return seen
}
