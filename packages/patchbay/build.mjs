// Makes dist/cni/bin: one self-contained executable, the native addon beside it, and the shim that the name of every
// plugin leads to. The folder works wherever it is copied as a whole.
//   node build.mjs             only what is older than its sources
//   node build.mjs --target arm64  dist/cni-arm64/bin, for another machine than this one
//   node build.mjs --sanitize  packages/patchbay/dist/shim.sanitized instead, with the address and undefined-behaviour sanitizers
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { toolchainOf } from '../../tools/bootstrap/targets.mjs'
import { bunOf } from './build-bun.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const { values: args } = parseArgs({
  options: { sanitize: { type: 'boolean', default: false }, target: { type: 'string' } },
})
const { compiler, bunPackage, suffix } = toolchainOf(args.target)
const output = join(root, 'dist', `cni${suffix}`, 'bin')
const executable = join(output, 'patchbay')
const shim = join(output, 'patchbay-shim')
const addon = join(root, ...(suffix ? ['dist', `addon${suffix}`] : ['packages', 'linux', 'dist']), 'patchbay.node')
/** Not the name that the package's addon has: a plugin of somebody else may have that one beside itself in the same folder. */
const ownAddon = 'patchbay-addon.node'
const native = ['shim.c', 'call.h', 'system.h'].map((name) => join(here, 'native', name))
const sources = ['address', 'cni', 'linux', 'plugins', 'patchbay'].map((name) =>
  join(root, 'packages', name, 'dist', 'src'),
)

function fail(message) {
  console.error(message)
  process.exit(1)
}

function scriptsIn(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name.endsWith('.js'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

function isFresh() {
  const built = statSync(executable, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const files = [fileURLToPath(import.meta.url), addon, ...native, ...sources.flatMap(scriptsIn)]
  return files.every((file) => statSync(file).mtimeMs < built)
}

/** Names what the executable and its shim are made from: they talk only to their own kind. */
function buildId() {
  const hash = createHash('sha256')
  for (const file of [...native, ...sources.flatMap(scriptsIn)]) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 32)
}

function bun() {
  const package_ = dirname(createRequire(import.meta.url).resolve('bun/package.json'))
  return join(package_, 'bin', existsSync(join(package_, 'bin', 'bun')) ? 'bun' : 'bun.exe')
}

/** What makes the compiler work for the target; `undefined` when the target's Bun cannot be had. */
function targetFlags() {
  if (bunPackage === undefined) return []
  try {
    return [`--target=bun-linux-${args.target}`, `--compile-executable-path=${bunOf(bunPackage, root)}`]
  } catch (error) {
    console.log(`${error.message}: daemon and tools are left out`)
    return undefined
  }
}

/** Into a new file that takes the old one's place: an executable that is running cannot be written to. */
function compile(id) {
  const machine = targetFlags()
  if (machine === undefined) return
  const fresh = join(output, '.patchbay.new')
  const flags = ['--compile', '--minify', '--bytecode', '--format=cjs', ...machine]
  // A program that runs as root must not be configured by files in the directory it happens to be run in.
  const closed = ['--no-compile-autoload-bunfig', '--no-compile-autoload-dotenv']
  const defined = ['--define', `PATCHBAY_BUILD_ID="${id}"`]
  const entry = join(here, 'dist', 'src', 'main.js')
  const run = spawnSync(bun(), ['build', ...flags, ...closed, ...defined, entry, '--outfile', fresh], {
    cwd: here,
    encoding: 'utf8',
  })
  if (run.error || run.status !== 0)
    fail(`Cannot compile the executable:\n${run.stdout}${run.stderr}${run.error ?? ''}`)
  // Written by the compiler piece by piece, the file lies in small pages in memory, each of which is a page fault at every
  // start; a copy lies in large ones, and starts 2 ms sooner.
  copyFileSync(fresh, `${fresh}.copy`)
  rmSync(fresh)
  renameSync(`${fresh}.copy`, executable)
}

function load(...path) {
  return import(pathToFileURL(join(root, 'packages', ...path)).href)
}

/** What each plugin answers to VERSION, as a table in C. */
async function versionsHeader() {
  const { loadPlugin, pluginNames } = await load('patchbay', 'dist', 'src', 'executor', 'programs.js')
  const { dispatch } = await load('cni', 'dist', 'src', 'plugin', 'index.js')
  const rows = []
  for (const name of pluginNames) {
    let answer = ''
    await dispatch(await loadPlugin(name), {
      env: { CNI_COMMAND: 'VERSION' },
      stdout: (text) => {
        answer += text
      },
    })
    rows.push(`    {${JSON.stringify(name)}, ${JSON.stringify(answer)}},\n`)
  }
  return `static const struct {\n    const char *name, *answer;\n} versions[] = {\n${rows.join('')}};\n`
}

/** Without a C library: it starts in a fraction of the time, and runs on any. */
const freestanding = [
  ...['-Os', '-ffreestanding', '-fno-builtin', '-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fno-pie'],
  ...['-nostdlib', '-static', '-no-pie', '-s', '-Wl,--build-id=none', '-Wl,-z,noexecstack', '-Wl,-z,noseparate-code'],
  // Nothing is relocated; the page that would be set aside for that is 64 KiB on some machines.
  '-Wl,-z,norelro',
]
const sanitized = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-DSHIM_HOSTED']

/** @returns whether there is a C compiler */
async function compileShim(id, file, mode) {
  const generated = join(here, 'dist', 'native')
  mkdirSync(generated, { recursive: true })
  writeFileSync(join(generated, 'versions.h'), await versionsHeader())
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', `-DBUILD_ID="${id}"`, `-I${generated}`]
  const run = spawnSync(compiler, [...flags, ...mode, '-o', `${file}.new`, native[0]], { encoding: 'utf8' })
  if (run.error) return false
  if (run.status !== 0) fail(`Cannot compile the shim:\n${run.stderr}`)
  renameSync(`${file}.new`, file)
  return true
}

async function link(target) {
  const { pluginNames, toolNames } = await load('patchbay', 'dist', 'src', 'executor', 'programs.js')
  for (const entry of readdirSync(output)) {
    if (!['patchbay', 'patchbay-plugins', ownAddon, target].includes(entry)) rmSync(join(output, entry))
  }
  for (const name of pluginNames) symlinkSync(target, join(output, name))
  const tools = existsSync(executable) ? [...toolNames.filter((name) => name !== 'patchbay'), 'patchbayd'] : []
  for (const name of tools) symlinkSync('patchbay', join(output, name))
  copyFileSync(addon, join(output, `.${ownAddon}.new`))
  renameSync(join(output, `.${ownAddon}.new`), join(output, ownAddon))
}

if (args.sanitize) {
  const file = join(here, 'dist', 'shim.sanitized')
  if (!(await compileShim('unbuilt', file, sanitized))) fail('Cannot compile the shim: there is no C compiler')
} else {
  mkdirSync(output, { recursive: true })
  if (!isFresh()) {
    const id = buildId()
    compile(id)
    const hasShim = await compileShim(id, shim, freestanding)
    if (!hasShim)
      console.log('There is no C compiler: plugins are links to the executable, and no call goes to a daemon')
    await link(hasShim ? 'patchbay-shim' : 'patchbay')
  }
}
