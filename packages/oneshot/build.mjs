// Makes dist/cni/bin/patchbay-plugins: all plugins in one static executable, for calls that no daemon serves.
//   node build.mjs             only when it is older than its sources
//   node build.mjs --sanitize  packages/oneshot/dist/oneshot.sanitized, with the address and undefined-behaviour sanitizers
//   node build.mjs --target arm64  dist/cni-arm64/bin/patchbay-plugins, for another machine than this one
//   --entry SCRIPT --output FILE       another program than the plugins: what the tests run
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { toolchainOf } from '../../tools/bootstrap/targets.mjs'
import { addonFolder, compileEngine, compileHost, compilerVersion, hostFlags, hostFolder } from './build-objects.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const { build } = createRequire(join(root, 'package.json'))('esbuild')
const { values: args } = parseArgs({
  options: {
    sanitize: { type: 'boolean', default: false },
    target: { type: 'string' },
    entry: { type: 'string' },
    output: { type: 'string' },
  },
})
const { sanitize } = args
const { compiler, runner, suffix } = toolchainOf(args.target)
/** What compiles programs that the build itself runs. */
const native = toolchainOf().compiler
const executable = resolve(
  args.output ??
    (sanitize
      ? join(here, 'dist', 'oneshot.sanitized')
      : join(root, 'dist', `cni${suffix}`, 'bin', 'patchbay-plugins')),
)
// What is for another machine is apart from what tells whether this one's build is current.
const ownWork = suffix ? join(root, 'dist', `oneshot${suffix}`) : join(here, 'dist', 'build')
const work = args.output === undefined ? ownWork : `${executable}.work`
/** Whose place in a plugin our modules take. */
const nodeModules = {
  'node:child_process': 'child-process',
  'node:crypto': 'crypto',
  'node:fs': 'fs',
  'node:fs/promises': 'fs-promises',
  'node:os': 'os',
  'node:path': 'path',
  'node:util': 'is-deep-strict-equal',
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

function filesIn(folder, ending) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

function isFresh() {
  const built = statSync(executable, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const packages = ['address', 'cni', 'linux', 'plugins', 'patchbay']
  const sources = [
    fileURLToPath(import.meta.url),
    join(here, 'build-objects.mjs'),
    join(root, 'tools', 'bootstrap', 'targets.mjs'),
    ...filesIn(join(here, 'src'), /./),
    ...filesIn(join(here, 'native'), /./),
    ...filesIn(addonFolder, /\.[ch]$/),
    ...packages.flatMap((name) => filesIn(join(root, 'packages', name, 'dist', 'src'), /\.js$/)),
  ]
  return sources.every((file) => statSync(file).mtimeMs < built)
}

function run(command, args, what) {
  // Tools that end at once free nothing.
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' }
  const result = spawnSync(command, args, { cwd: work, env, encoding: 'utf8' })
  if (result.error || result.status !== 0)
    fail(`Cannot ${what}:\n${result.stdout}${result.stderr}${result.error ?? ''}`)
}

/** Node's modules become ours; one that is not there stops the build. */
const hostModules = {
  name: 'host modules',
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      if (Object.hasOwn(nodeModules, path)) return { path: join(here, 'src', `${nodeModules[path]}.ts`) }
      return {
        errors: [{ text: `Cannot use "${path}" in a plugin ("${importer}"): it is not among packages/oneshot/src` }],
      }
    })
    onResolve({ filter: /\/native\.js$/ }, ({ resolveDir }) =>
      resolveDir.endsWith(join('linux', 'dist', 'src', 'sys')) ? { path: join(here, 'src', 'native.ts') } : undefined,
    )
    onResolve({ filter: /\/quick-reader\.js$/ }, ({ resolveDir }) =>
      resolveDir.endsWith(join('cni', 'dist', 'src', 'json'))
        ? { path: join(here, 'src', 'quick-reader.ts') }
        : undefined,
    )
  },
}

/** What is run, in this order: the last is a program for Node, and those before make of the host what it takes for granted. */
const entries = ['symbols', 'globals', 'entry']

function scriptOf(name) {
  if (name === 'entry' && args.entry !== undefined) return resolve(args.entry)
  return join(here, 'src', `${name}.ts`)
}

/** What a dynamic import gives, put where `load` finds it: the engine has no other way to a module's exports. */
function loaderOf(chunk) {
  return { name: `load-${chunk}`, text: `import * as module from './${chunk}'\nhost.loaded = module\n` }
}

/** What Node has and neither the engine nor packages/oneshot/src: as long as nothing in the program is called so, nothing can miss it. */
const lacking = [
  /\.(?:toSpliced|with|localeCompare|toLocale\w*|captureStackTrace)\(/g,
  /\.(?:read|write)(?:U?[Ii]nt|Big|Float|Double)\w*\(/g,
  /(?<![.\w$])(?:structuredClone|WeakRef|FinalizationRegistry|Intl|URL|EventTarget|DOMException|fetch|setInterval)(?=[.(])/g,
]
const present = ['.readUInt32BE(']

function refuseLacking({ name, text }) {
  const used = lacking.flatMap((pattern) => text.match(pattern) ?? []).filter((use) => !present.includes(use))
  if (used.length > 0)
    fail(`Cannot use "${used[0]}" in a plugin ("${name}"): neither the engine nor packages/oneshot/src has it`)
}

/**
 * The program as modules: what one plugin needs and another does not is apart, and read only when it is imported.
 * @returns their names, the entries' first
 */
async function bundle() {
  const native = ['class-field', 'class-static-field', 'class-private-field', 'class-private-static-field']
  const methods = ['class-private-method', 'class-private-static-method', 'class-private-accessor']
  const { outputFiles } = await build({
    entryPoints: entries.map((name) => ({ in: scriptOf(name), out: name })),
    bundle: true,
    splitting: true,
    write: false,
    outdir: work,
    minify: !sanitize,
    format: 'esm',
    target: 'es2020',
    platform: 'neutral',
    conditions: ['module'],
    mainFields: ['module', 'main'],
    supported: Object.fromEntries([...native, ...methods].map((name) => [name, true])),
    plugins: [hostModules],
    logLevel: 'error',
  })
  for (const { path, text } of outputFiles) refuseLacking({ name: basename(path), text })
  const imported = new Set()
  const modules = outputFiles.map(({ path, text }) => ({
    name: basename(path),
    text: text.replace(/\bimport\("\.\/([^"]+)"\)/g, (_, chunk) => {
      imported.add(chunk)
      return `host.import("${chunk}")`
    }),
  }))
  modules.push(...[...imported].sort().map(loaderOf))
  for (const { name, text } of modules) writeFileSync(join(work, name), text)
  const first = entries.map((name) => `${name}.js`)
  return [...first, ...modules.map(({ name }) => name).filter((name) => !first.includes(name))]
}

/** The table of modules for the host, and their bytes for the linker. */
function writeModules(names) {
  const symbols = names.map((name, index) => ({ name, symbol: `module_${index}` }))
  const declared = symbols.map(({ symbol }) => `extern const uint8_t ${symbol}_start[], ${symbol}_end[];\n`)
  writeFileSync(join(work, 'bytes.h'), declared.join(''))
  writeFileSync(join(work, 'modules.h'), symbols.map(({ name, symbol }) => `MODULE("${name}", ${symbol})\n`).join(''))
  const bytes = symbols.map(
    ({ name, symbol }) =>
      `.global ${symbol}_start, ${symbol}_end\n${symbol}_start: .incbin "${name}.bytecode"\n${symbol}_end:\n`,
  )
  return writeAssembly('modules.S', ['.section .rodata\n', ...bytes])
}

/** The section that the engine's memory begins with. */
function writeHeap(name, content) {
  const lines = ['.section .heap, "aw", %progbits\n', '.global heap_start, heap_end\n', '.balign 4096\n']
  return writeAssembly(name, [...lines, `heap_start: ${content}\n`, 'heap_end:\n'])
}

function writeAssembly(name, lines) {
  const file = join(work, name)
  writeFileSync(file, [...lines, '.section .note.GNU-stack, "", %progbits\n'].join(''))
  return file
}

const wrapped = '-Wl,--wrap=gettimeofday'
/** Everything has its fixed place, and what is recorded one far from all that could grow. */
const fixed = ['-static', '-s', '-Wl,--build-id=none', '-Wl,--section-start=.heap=0x10000000']
const heapBytes = 64 << 20

/** The program as bytecode, which is the same for all machines that have the same order of bytes. */
async function compileProgram() {
  const archive = await compileEngine(native, sanitize)
  const compiled = join(work, sanitize ? 'compile-sanitized' : 'compile')
  const source = join(hostFolder, 'compile.c')
  run(native, [...hostFlags(sanitize), source, ...librariesWith(archive), '-o', compiled], 'build the compiler')
  const names = await bundle()
  run(compiled, [work, ...names], 'compile the program')
  return writeModules(names)
}

function librariesWith(archive) {
  return [archive, '-lm', '-lpthread', '-ldl']
}

async function make() {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const libraries = librariesWith(await compileEngine(compiler, sanitize))
  const objects = await compileHost(compiler, sanitize)
  const modules = await compileProgram()
  const flags = hostFlags(sanitize)
  const main = join(work, 'main.o')
  run(compiler, [...flags, '-I', work, '-c', join(hostFolder, 'main.c'), '-o', main], 'compile the host')
  const parts = [main, ...objects, modules]
  const link = (heap, mode, file) =>
    run(compiler, [...flags, wrapped, ...parts, heap, ...mode, '-o', file, ...libraries], 'link the executable')
  // Not beside the executable: the build of the others removes what it does not know there.
  const fresh = join(work, 'executable')
  if (sanitize) link(writeHeap('no-heap.S', ''), [], fresh)
  else {
    const recorder = join(work, 'recorder')
    link(writeHeap('empty-heap.S', `.zero ${heapBytes}`), fixed, recorder)
    record(recorder, join(work, 'heap.image'))
    link(writeHeap('heap.S', '.incbin "heap.image"'), fixed, fresh)
  }
  renameSync(fresh, executable)
}

/**
 * Runs the engine to where a call begins, and keeps its memory. The emulator of another machine gives the program the addresses that
 * it was linked to, as a kernel does, and all that is recorded lies at those: the recording is the one that the machine would make.
 */
function record(recorder, image) {
  const [program, ...args] = [...runner, recorder]
  // Whoever calls may have told the emulator, by variables, to do something else.
  const env = { PATH: process.env.PATH }
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, maxBuffer: heapBytes + 4096 })
  if (error?.code === 'ENOENT')
    fail(`Cannot record the start of the program: "${program}" does not start; the Debian package qemu-user has it`)
  if (error || status !== 0) fail(`Cannot record the start of the program: ${error ?? stderr}`)
  writeFileSync(image, stdout)
}

const isThere = compilerVersion(compiler) !== undefined
if (!isThere && args.target !== undefined)
  fail(`Cannot build for "${args.target}": "${compiler}" does not start; the Debian packages are in CONTRIBUTING.md`)
if (!isThere) {
  console.log(`There is no C compiler ("${compiler}"): plugins that no daemon serves start in Bun, which takes longer`)
} else if (sanitize || args.entry !== undefined || !isFresh()) {
  mkdirSync(dirname(executable), { recursive: true })
  await make().catch((error) => fail(error.message))
}
