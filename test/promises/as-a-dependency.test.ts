import assert from 'node:assert/strict'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  Checkout,
  esbuild,
  install,
  makeProject,
  type Outcome,
  oldestTsc,
  root,
  run,
  succeed,
  type Tarballs,
  tsc,
  unpack,
} from './outside-project.ts'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-outside-'))
const project = join(folder, 'project')
const addon = join(project, 'node_modules/@patchbay/linux/dist/patchbay.node')
const consumers = join(root, 'test/promises/consumer')
const libraries = ['@patchbay/address', '@patchbay/cni', '@patchbay/linux', '@patchbay/plugins']
let checkout: Checkout
let tarballs: Tarballs

before(() => {
  checkout = new Checkout(join(folder, 'checkout'))
  tarballs = checkout.pack()
  makeProject(project, tarballs)
})
after(() => rmSync(folder, { recursive: true, force: true }))

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8'))
}

/** What a program may import of a library: `@patchbay/linux/route`. */
function modulesOf(name: string): string[] {
  const subpaths = Object.keys(manifestOf(name).exports).filter((subpath) => !/\.(?:json|node)$/.test(subpath))
  return subpaths.map((subpath) => name + subpath.slice(1))
}

/** Runs a script in the project and returns what it printed as JSON. */
function evaluate(file: string, script: string, ...flags: readonly string[]): unknown {
  writeFileSync(join(project, file), script)
  return JSON.parse(succeed([process.execPath, ...flags, file], { cwd: project }))
}

const published = new RegExp(
  [
    'package\\.json|README\\.md|LICENSE',
    'src/.+\\.ts',
    'dist/(?:src|cjs)/.+(?:\\.js|\\.d\\.ts)(?:\\.map)?|dist/cjs/package\\.json',
    'native/[\\w-]+\\.[ch]|native/build\\.mjs|dist/patchbay\\.node',
  ]
    .map((part) => `^(?:${part})$`)
    .join('|'),
)

test('npm pack puts build, sources, README and licence into every package, and nothing else', () => {
  assert.deepEqual([...tarballs.keys()].sort(), [...libraries, 'patchbay'])
  for (const [name, tarball] of tarballs) {
    const files = succeed(['tar', '-tzf', tarball], { cwd: folder })
      .trim()
      .split('\n')
      .map((file) => file.replace('package/', ''))
    const built = (kind: string): string[] =>
      files.filter((file) => file.startsWith(`dist/${kind}/`) && file.endsWith('.js')).map((file) => file.slice(9, -3))
    const sources = files.filter((file) => file.startsWith('src/')).map((file) => file.slice(4, -3))
    assert.deepEqual(
      files.filter((file) => !published.test(file) || /\.test\.|tsbuildinfo/.test(file)),
      [],
      name,
    )
    assert.deepEqual(built('src').sort(), sources.sort(), name)
    assert.deepEqual(built('cjs').sort(), name === 'patchbay' ? [] : sources, name)
    for (const file of ['README.md', 'LICENSE']) assert.ok(files.includes(file), `${name} has no ${file}`)
    assert.equal(files.includes('dist/patchbay.node'), name === '@patchbay/linux')
  }
})

test('the README has the archives of the libraries installed, and no other', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, archives = ''] = /^npm install \.\.\/patchbay\/(\S+\.tgz)/m.exec(readme) ?? []
  const installed = succeed(['sh', '-c', `ls ${archives}`], { cwd: join(folder, 'checkout') })
  const expected = libraries.map((name) => `dist/archives/${name.replace('@', '').replace('/', '-')}-0.1.0.tgz\n`)
  assert.equal(installed, expected.join(''))
})

test('a package says what it is, and runs nothing when it is installed', () => {
  for (const name of tarballs.keys()) {
    const { description, license, keywords, engines, os, sideEffects, scripts = {} } = manifestOf(name)
    assert.ok(typeof description === 'string' && Array.isArray(keywords), name)
    assert.deepEqual(
      { license, engines, sideEffects },
      { license: 'Apache-2.0', engines: { node: '>=20.4.0' }, sideEffects: false },
    )
    const needsLinux = !['@patchbay/address', '@patchbay/cni'].includes(name)
    assert.deepEqual(os, needsLinux ? ['linux'] : undefined, name)
    assert.deepEqual(Object.keys(scripts), ['prepack'])
  }
})

/** Imports and requires every module; tells of each whether both gave the same names, and the same objects. */
const importAndRequire = `
  import { createRequire } from 'node:module'
  const require = createRequire(import.meta.url)
  const seen = {}
  for (const name of ${JSON.stringify('MODULES')}) {
    const imported = await import(name), required = require(name)
    const names = Object.keys(imported)
    seen[name] = {
      names: names.length > 0 && String(names.sort()) === String(Object.keys(required).sort()),
      same: names.every((name) => imported[name] === required[name]),
      commonjs: require.resolve(name).includes('/dist/cjs/'),
    }
  }
  console.log(JSON.stringify(seen))`

function checkModules(expected: { same: boolean; commonjs: boolean }, ...flags: readonly string[]): void {
  const modules = libraries.flatMap(modulesOf)
  const script = importAndRequire.replace('"MODULES"', JSON.stringify(modules))
  const everyModule = Object.fromEntries(modules.map((name) => [name, { names: true, ...expected }]))
  assert.deepEqual(evaluate('import-and-require.mjs', script, ...flags), everyModule)
}

const requiresESModules = 'require_module' in process.features

test('every module can be imported and required, and is the same objects where Node can require ES modules', () => {
  checkModules({ same: requiresESModules, commonjs: !requiresESModules })
})

test('every module can be required where Node cannot require ES modules', () => {
  checkModules({ same: false, commonjs: true }, ...(requiresESModules ? ['--no-experimental-require-module'] : []))
})

/** What the program in consumer/consumer.ts sees, whatever it was made into. */
const seenByConsumer = {
  bridge: 'EEXIST',
  loopback: ['127.0.0.1/8', '::1/128'],
  replies: 1,
  failure: 'netplugin failed with no error message: exit status 1',
  prevResult: null,
}

function consumer(file: string, env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Outcome {
  const cache = mkdtempSync(join(folder, 'cache-'))
  return run([process.execPath, ...flags, file], { cwd: '/', env: { CACHE: cache, ...env } })
}

function runConsumer(...call: Parameters<typeof consumer>): void {
  const { status, stdout, stderr } = consumer(...call)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  assert.deepEqual(JSON.parse(stdout), seenByConsumer)
}

function failureOf(file: string): string {
  const { status, stderr } = consumer(file)
  assert.equal(status, 1)
  return stderr
}

/** Writes the program into a folder of the project, to be a module of the given kind. */
function placeConsumer(name: string, type: 'module' | 'commonjs'): string {
  const place = join(project, name)
  mkdirSync(place, { recursive: true })
  copyFileSync(join(consumers, 'consumer.ts'), join(place, 'consumer.ts'))
  writeFileSync(join(place, 'package.json'), JSON.stringify({ type }))
  return place
}

const compilations = [
  { type: 'module', module: 'nodenext', moduleResolution: 'nodenext' },
  { type: 'commonjs', module: 'nodenext', moduleResolution: 'nodenext' },
  { type: 'commonjs', module: 'node16', moduleResolution: 'node16' },
  { type: 'module', module: 'esnext', moduleResolution: 'bundler' },
  { type: 'commonjs', module: 'commonjs', moduleResolution: 'bundler' },
] as const

/** Settings of a program as strict as can be, which looks into our declarations too. */
const strict = {
  target: 'es2022',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
}

for (const { type, ...options } of compilations) {
  test(`a program compiles as ${type} with ${options.module} and resolution ${options.moduleResolution}, and runs`, () => {
    const place = placeConsumer(`${type}-${options.moduleResolution}`, type)
    const compilerOptions = { ...strict, ...options }
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    assert.equal(succeed([...tsc, '-p', place], { cwd: folder }), '')
    runConsumer(join(place, 'consumer.js'))
    if (type === 'commonjs' && requiresESModules) {
      runConsumer(join(place, 'consumer.js'), {}, ['--no-experimental-require-module'])
    }
  })
}

test('the declarations of every package work with TypeScript 5.4', () => {
  const place = placeConsumer('oldest-typescript', 'module')
  const modules = libraries.flatMap(modulesOf)
  const everything = modules.map((name, index) => `export * as module${index} from '${name}'`).join('\n')
  writeFileSync(join(place, 'everything.ts'), everything)
  const compilerOptions = { ...strict, module: 'nodenext', noEmit: true }
  writeFileSync(
    join(place, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts', 'everything.ts'] }),
  )
  assert.equal(succeed([...oldestTsc, '-p', place], { cwd: folder }), '')
})

for (const format of ['esm', 'cjs']) {
  test(`a program bundled as ${format} finds the addon in the package, beside itself, or where it says`, () => {
    const place = placeConsumer('bundled', 'module')
    const bundle = join(place, `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`)
    const options = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${bundle}`]
    assert.equal(succeed([...esbuild, join(place, 'consumer.ts'), ...options], { cwd: folder }), '')
    runConsumer(bundle)

    // Nowhere near the package; then with what only looks like an addon, which goes before any other.
    const alone = mkdtempSync(join(folder, 'alone-'))
    const copy = join(alone, `program${extname(bundle)}`)
    copyFileSync(bundle, copy)
    assert.ok(failureOf(copy).includes(`"${alone}/patchbay.node": it belongs beside this program`))
    writeFileSync(join(place, 'patchbay.node'), '')
    assert.ok(failureOf(bundle).includes(`"${place}/patchbay.node": it belongs beside this program`))
    rmSync(join(place, 'patchbay.node'))
    runConsumer(copy, { ADDON: addon })
    copyFileSync(addon, join(alone, 'patchbay.node'))
    runConsumer(copy)
  })
}

test('a bundle of ES modules and CommonJS modules has one copy of each class', () => {
  const place = placeConsumer('mixed', 'commonjs')
  const script = `const { CniError } = require('@patchbay/cni/types')
    import('@patchbay/cni/types').then((types) => console.log(types.CniError === CniError))`
  writeFileSync(join(place, 'mixed.js'), script)
  const options = ['--bundle', '--platform=node', `--outfile=${join(place, 'bundle.js')}`]
  succeed([...esbuild, join(place, 'mixed.js'), ...options], { cwd: folder })
  assert.equal(succeed([process.execPath, 'bundle.js'], { cwd: place }), 'true\n')
})

test('a copy of an example is installed with the archives, and builds and runs', () => {
  const copy = join(folder, 'copied-example')
  cpSync(join(root, 'examples/runtime'), copy, { recursive: true })
  // The bundler is the only package that comes from a registry.
  const { devDependencies, scripts, ...manifest } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'))
  assert.deepEqual(Object.keys(devDependencies), ['esbuild'])
  writeFileSync(join(copy, 'package.json'), JSON.stringify(manifest))
  install(copy, tarballs)
  succeed(['sh', '-c', scripts.build.replace('esbuild', esbuild.join(' '))], { cwd: copy })
  const { status, stderr } = run([process.execPath, 'dist/run.js', 'net1'], { cwd: copy, env: { NETCONFPATH: 'dist' } })
  assert.deepEqual({ status, stderr }, { status: 1, stderr: 'run: no net configurations found in dist\n' })
})

test('an addon of another machine says how to build it for this one, and that does it', () => {
  const other = join(folder, 'other-machine')
  cpSync(project, other, { recursive: true, verbatimSymlinks: true })
  const foreign = join(other, 'node_modules/@patchbay/linux/dist/patchbay.node')
  writeFileSync(foreign, 'not of this machine')
  const program = [process.execPath, '-e', 'require("@patchbay/linux/netns").Namespace.create().close()']
  const { status, stderr } = run(program, { cwd: other })
  assert.equal(status, 1)
  const [, path, command = ''] =
    /Cannot load the native addon "(.+)": build it for this machine with "(.+)"/.exec(stderr) ?? []
  assert.equal(path, foreign, stderr)
  assert.equal(command, `node ${other}/node_modules/@patchbay/linux/native/build.mjs`)
  assert.equal(succeed(['sh', '-c', command], { cwd: '/' }), '')
  assert.equal(succeed(program, { cwd: other }), '')
})

test('two versions work in one tree, and know what the other makes', () => {
  const newer = join(project, 'node_modules/newer')
  unpack(newer, checkout.packAs('0.2.0-next.1'))
  writeFileSync(join(newer, 'package.json'), JSON.stringify({ name: 'newer', exports: './uses.mjs' }))
  for (const place of [newer, project]) copyFileSync(join(consumers, 'uses.mjs'), join(place, 'uses.mjs'))
  copyFileSync(join(consumers, 'both-versions.mjs'), join(project, 'both-versions.mjs'))
  const env = { DATA: mkdtempSync(join(folder, 'data-')) }
  assert.equal(succeed([process.execPath, 'both-versions.mjs'], { cwd: project, env }), 'both work\n')
})
