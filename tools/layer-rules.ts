/** What `layers.json` says about one layer. */
export interface Layer {
  /** Folder; a name that ends in `/*` stands for each folder in there. */
  readonly name: string
  readonly imports: readonly string[]
  /** A pure layer computes: environment, clock, files and sockets come in as arguments. */
  readonly pure: boolean
}

export interface LayerRules {
  readonly layers: readonly Layer[]
  /** Node modules that a pure layer may import all the same. */
  readonly pureBuiltins: ReadonlySet<string>
  /** Globals that reach the outside world. */
  readonly impureGlobals: readonly string[]
}

interface LayersFile {
  readonly pure: { readonly mayImport: readonly string[]; readonly mayNotUse: readonly string[] }
  readonly layers: Readonly<Record<string, { readonly imports: readonly string[]; readonly pure?: boolean }>>
}

export function parseLayerRules(json: string): LayerRules {
  const file: LayersFile = JSON.parse(json)
  return {
    layers: Object.entries(file.layers).map(([name, { imports, pure }]) => ({ name, imports, pure: pure === true })),
    pureBuiltins: new Set(file.pure.mayImport),
    impureGlobals: file.pure.mayNotUse,
  }
}

/** Where a file belongs: the layer with the longest name that holds it, and the folder that this name stands for. */
export function layerOf(rules: LayerRules, file: string): { layer: Layer; folder: string } | undefined {
  let best: { layer: Layer; folder: string } | undefined
  for (const layer of rules.layers) {
    const folder = folderIn(layer.name, file)
    if (folder !== undefined && folder.length > (best?.folder.length ?? 0)) best = { layer, folder }
  }
  return best
}

function folderIn(name: string, file: string): string | undefined {
  if (!name.endsWith('/*')) return file.startsWith(`${name}/`) ? name : undefined
  const base = name.slice(0, -1)
  const slash = file.indexOf('/', base.length)
  return file.startsWith(base) && slash > 0 ? file.slice(0, slash) : undefined
}

/**
 * Whether one layer may import another. In `imports`, `folder` is that layer alone, `folder/**` the layer and all below;
 * a layer named `testing` is never meant by `**`.
 */
export function mayImport(layer: Layer, target: Layer): boolean {
  return layer.imports.some((allowed) => {
    if (!allowed.endsWith('/**')) return allowed === target.name
    const base = allowed.slice(0, -3)
    return (target.name === base || target.name.startsWith(`${base}/`)) && !isTesting(target)
  })
}

/** Layers of test doubles, which only tests import. */
export function isTesting(layer: Layer): boolean {
  return layer.name.endsWith('/testing')
}

/** The layers that a layer may import, in the order of the file. */
export function below(rules: LayerRules, layer: Layer): Layer[] {
  return rules.layers.filter((other) => other !== layer && mayImport(layer, other))
}

/** A cycle among the allowed edges, as the names on its way; `undefined` when there is none. */
export function findCycle(rules: LayerRules): string[] | undefined {
  const done = new Set<Layer>()
  const visit = (layer: Layer, way: readonly Layer[]): string[] | undefined => {
    if (way.includes(layer)) return [...way.slice(way.indexOf(layer)), layer].map(({ name }) => name)
    if (done.has(layer)) return undefined
    done.add(layer)
    return firstOf(below(rules, layer), (next) => visit(next, [...way, layer]))
  }
  return firstOf(rules.layers, (layer) => visit(layer, []))
}

function firstOf<T, R>(values: readonly T[], map: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const result = map(value)
    if (result !== undefined) return result
  }
  return undefined
}

/** `packages/linux/src/netlink/wire` as people say it: `linux/netlink/wire`. */
export function shortName(name: string): string {
  return name.replace(/^packages\//, '').replace(/\/src(?=\/|$)/, '')
}
