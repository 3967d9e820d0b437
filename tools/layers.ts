import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, isMain, runCheck } from './check.ts'
import { importsOf } from './imports.ts'
import { graphEnd, graphStart, layerGraph, withGraph } from './layer-graph.ts'
import {
  below,
  findCycle,
  isTesting,
  type Layer,
  type LayerRules,
  layerOf,
  mayImport,
  parseLayerRules,
  shortName,
} from './layer-rules.ts'
import { openRepository, type Repository, workspaceRoot } from './repository.ts'
import { blank, lineAt } from './source-text.ts'
import { resolveImport, type WorkspacePackage, workspacePackages } from './workspace-packages.ts'

const data = 'layers.json'
const document = 'ARCHITECTURE.md'
const source = /^packages\/[^/]+\/src\/.*\.ts$/

/** Fails on any import that `layers.json` does not allow. */
export function checkLayers(repository: Repository): Finding[] {
  const rules = parseLayerRules(repository.read(data))
  const packages = workspacePackages(repository)
  const files = repository.files.filter((file) => source.test(file))
  return [
    ...checkData(rules, files),
    ...packages.flatMap((each) => checkExports(each, files)),
    ...files.flatMap((file) => checkFile({ repository, rules, packages, file })),
    ...checkDocument(repository, rules),
  ]
}

interface Context {
  readonly repository: Repository
  readonly rules: LayerRules
  readonly packages: readonly WorkspacePackage[]
  readonly file: string
}

function checkData(rules: LayerRules, files: readonly string[]): Finding[] {
  const finding = (message: string): Finding => ({ file: data, rule: 'layers', message })
  const used = new Set(files.map((file) => layerOf(rules, file)?.layer))
  const names = new Set(rules.layers.map(({ name }) => name))
  const cycle = findCycle(rules)
  return [
    ...(cycle === undefined
      ? []
      : [finding(`these layers import each other in a ring: ${cycle.map(shortName).join(' → ')}`)]),
    ...rules.layers.filter((layer) => !used.has(layer)).map(({ name }) => finding(`"${name}" has no files: remove it`)),
    ...rules.layers.flatMap(({ name, imports }) =>
      imports
        .filter((allowed) => !names.has(allowed) && !allowed.endsWith('/**'))
        .map((allowed) => finding(`"${name}" may import "${allowed}", which is no layer: correct the name`)),
    ),
  ]
}

function checkExports(owner: WorkspacePackage, files: readonly string[]): Finding[] {
  return [...owner.exports]
    .filter(([, file]) => !files.includes(file))
    .map(([subpath, file]) => ({
      file: `${owner.folder}/package.json`,
      rule: 'exports',
      message: `"${subpath}" leads to ${file}, which does not exist: write it or remove the export`,
    }))
}

function checkFile(context: Context): Finding[] {
  const { repository, rules, file } = context
  const layer = layerOf(rules, file)?.layer
  if (layer === undefined) {
    const message = `belongs to no layer: move it, or add its folder to ${data} with what it may import`
    return [{ file, rule: 'layers', message }]
  }
  const text = repository.read(file)
  const imports = importsOf(text).flatMap(({ specifier, line }) => {
    const problem = specifier === undefined ? computed : checkImport(context, layer, specifier)
    return problem === undefined ? [] : [{ file, line, ...problem }]
  })
  return layer.pure ? [...imports, ...checkGlobals(rules, layer, file, text)] : imports
}

type Problem = Pick<Finding, 'rule' | 'message'>

const computed: Problem = {
  rule: 'layers',
  message: 'a computed import cannot be checked, nor compiled into the executable: write the module name as a string',
}

function checkImport(context: Context, layer: Layer, specifier: string): Problem | undefined {
  const target = resolveImport(context.packages, context.file, specifier)
  switch (target.kind) {
    case 'builtin':
      return checkBuiltin(context.rules, layer, target.name)
    case 'package':
      return checkDeclared(context, target.name)
    case 'relative':
      return checkRelative(context, layer, target.file)
    case 'workspace': {
      const undeclared = checkDeclared(context, target.owner.name)
      if (undeclared !== undefined) return undeclared
      if (target.file !== undefined) return checkEdge(context, layer, target.file)
      const message = `"${specifier}" is not exported: name a subpath in the exports of ${target.owner.folder}/package.json`
      return { rule: 'exports', message }
    }
  }
}

function checkBuiltin(rules: LayerRules, layer: Layer, name: string): Problem | undefined {
  if (layer.pure && !rules.pureBuiltins.has(name)) {
    const message = `${shortName(layer.name)} is a pure layer and may not import ${name}: take what it gives as an argument`
    return { rule: 'pure', message }
  }
  if (name !== 'node:test' || isTesting(layer)) return undefined
  return { rule: 'layers', message: 'only tests import node:test' }
}

function checkDeclared({ packages, file }: Context, name: string): Problem | undefined {
  const owner = packages.find(({ folder }) => file.startsWith(`${folder}/`))
  if (owner === undefined || owner.dependencies.has(name)) return undefined
  if (owner.name === name)
    return { rule: 'layers', message: `a package does not import itself by name: write the path` }
  const message = `${owner.name} does not declare "${name}": add it to the dependencies in ${owner.folder}/package.json`
  return { rule: 'dependencies', message }
}

function checkRelative(context: Context, layer: Layer, target: string): Problem | undefined {
  const owner = context.packages.find(({ folder }) => context.file.startsWith(`${folder}/`))
  if (owner !== undefined && !target.startsWith(`${owner.folder}/`)) {
    return { rule: 'layers', message: `the path leads out of ${owner.folder}: import the other package by its name` }
  }
  if (!target.includes('/src/')) {
    return { rule: 'layers', message: `${target} is not part of src: what users get may not need it, so move it there` }
  }
  return checkEdge(context, layer, target)
}

function checkEdge({ rules, file }: Context, layer: Layer, target: string): Problem | undefined {
  const from = layerOf(rules, file)
  const to = layerOf(rules, target)
  if (to === undefined || from?.folder === to.folder) return undefined
  if (isTesting(to.layer)) {
    return { rule: 'layers', message: `${shortName(to.folder)} holds test doubles, which only tests import` }
  }
  if (from?.layer !== to.layer && mayImport(layer, to.layer)) return undefined
  const allowed = below(rules, layer).map(({ name }) => shortName(name))
  const message =
    `${shortName(from?.folder ?? layer.name)} may not import ${shortName(to.folder)}, only: ` +
    `${allowed.join(', ') || 'nothing'}. Move the code, pass the value in, or argue for the edge in ${data}`
  return { rule: 'layers', message }
}

function checkGlobals(rules: LayerRules, layer: Layer, file: string, text: string): Finding[] {
  const code = blank(text)
  return rules.impureGlobals.flatMap((name) => {
    const use = new RegExp(`(?<![\\w$.#])${name.replace('.', '\\.')}\\b(?!\\s*\\??:)`, 'g')
    return [...code.matchAll(use)].map(({ index }) => {
      const message = `${shortName(layer.name)} is a pure layer and may not use ${name}: take what it gives as an argument`
      return { file, line: lineAt(code, index), rule: 'pure', message }
    })
  })
}

function checkDocument(repository: Repository, rules: LayerRules): Finding[] {
  if (!repository.files.includes(document)) return []
  const text = repository.read(document)
  const expected = withGraph(text, rules)
  if (expected === text) return []
  const message =
    expected === undefined
      ? `has no ${graphStart} and ${graphEnd}: put them where the picture of the layers belongs`
      : 'shows other layers than layers.json: run node tools/dist/layers.js --write'
  return [{ file: document, rule: 'layers', message }]
}

/** Brings the picture in the document up to date. */
export function writeGraph(repository: Repository): void {
  const text = withGraph(repository.read(document), parseLayerRules(repository.read(data)))
  if (text === undefined) throw new Error(`Cannot write the layers: ${document} has no ${graphStart} and ${graphEnd}`)
  writeFileSync(join(repository.root, document), text)
}

async function main(option: string | undefined): Promise<void> {
  const repository = openRepository(workspaceRoot())
  if (option === '--graph') console.log(layerGraph(parseLayerRules(repository.read(data))).trimEnd())
  else if (option === '--write') writeGraph(repository)
  else await runCheck('layers', checkLayers)
}

if (isMain(import.meta.url)) await main(process.argv[2])
