// Compiles the parts of the one-shot executable that seldom change, once for each version of their sources, compiler and flags.
//   node build-objects.mjs engine    the JavaScript engine
//   node build-objects.mjs host      the host, without the file that lists the program's modules, and the native addon
//   --target arm64                   for another machine than this one
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { toolchainOf } from '../../tools/bootstrap/targets.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const require = createRequire(import.meta.url)
const engineStore = join(here, 'dist', 'quickjs')
const hostStore = join(here, 'dist', 'host')

export const hostFolder = join(here, 'native')
export const addonFolder = join(root, 'packages', 'linux', 'native')

/** `undefined` when there is none. */
export function compilerVersion(compiler) {
  const { status, stdout } = spawnSync(compiler, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout : undefined
}

const optimised = ['-O2', '-fno-pie', '-no-pie', '-fstack-protector-strong', '-D_FORTIFY_SOURCE=2']
const checked = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']

/** What every C source of ours is compiled with. */
export function hostFlags(sanitize) {
  const nodeHeaders = createRequire(join(root, 'package.json'))('node-api-headers').include_dir
  const headers = ['-isystem', engineFolder(), '-I', nodeHeaders, '-I', addonFolder]
  return ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', ...(sanitize ? checked : optimised), ...headers]
}

function engineFolder() {
  const deps = join(dirname(require.resolve('qjsc/package.json')), 'deps')
  const folder = readdirSync(deps).find((name) => existsSync(join(deps, name, 'quickjs.c')))
  if (folder === undefined) throw new Error(`Cannot find the engine's sources in "${deps}"`)
  return join(deps, folder)
}

function keyOf(...parts) {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16)
}

/** Compiles one file; `background` leaves the processor to what others wait for. */
async function compile(compiler, flags, source, object, { background = false } = {}) {
  const child = spawn(compiler, [...flags, '-c', source, '-o', object], { stdio: ['ignore', 'pipe', 'pipe'] })
  if (background && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (status !== 0) throw new Error(`Cannot compile "${source}":\n${output}`)
}

/**
 * The engine as an archive. Nine tenths of the time go into one of its files: the others are compiled beside it.
 * @returns its path
 */
export async function compileEngine(compiler, sanitize) {
  const engine = engineFolder()
  const version = readFileSync(join(engine, 'VERSION'), 'utf8').trim()
  // The engine shifts numbers in ways that C does not define and every compiler understands.
  // Half of a value's bytes are often what lay on the stack: with canaries there, no two recordings would be the same.
  const flags = sanitize ? [...checked, '-fno-sanitize=undefined'] : [...optimised, '-fno-stack-protector']
  const options = ['-w', ...flags, '-D_GNU_SOURCE', '-DCONFIG_BIGNUM', `-DCONFIG_VERSION="${version}"`]
  const archive = join(engineStore, `${version}-${keyOf(compilerVersion(compiler), ...options)}.a`)
  if (existsSync(archive)) return archive
  const scratch = `${archive}.objects.${process.pid}`
  mkdirSync(scratch, { recursive: true })
  const object = (name) => join(scratch, `${name}.o`)
  const build = (name, mode) => compile(compiler, options, join(engine, `${name}.c`), object(name), mode)
  const small = ['libregexp', 'libunicode', 'cutils', 'libbf']
  const compileSmall = async () => {
    for (const name of small) await build(name, { background: true })
  }
  await Promise.all([build('quickjs'), compileSmall()])
  const objects = ['quickjs', ...small].map(object)
  const { status, stderr } = spawnSync('ar', ['rcsD', `${archive}.${process.pid}`, ...objects], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot put the engine together: ${stderr}`)
  renameSync(`${archive}.${process.pid}`, archive)
  rmSync(scratch, { recursive: true })
  return archive
}

function sourcesIn(folder, ending) {
  const names = readdirSync(folder).filter((name) => ending.test(name))
  return names.sort().map((name) => join(folder, name))
}

/**
 * The host and the native addon as objects; what is the same for every program that is compiled to an executable.
 * @returns their paths
 */
export async function compileHost(compiler, sanitize) {
  const host = [
    'failure',
    'json',
    'json_number',
    'json_string',
    'json_value',
    'memory',
    'system',
    'text',
    'sha2',
    'node_api',
    'threads',
  ].map((name) => join(hostFolder, `${name}.c`))
  const sources = [...host, ...sourcesIn(addonFolder, /\.c$/)]
  const flags = hostFlags(sanitize)
  const contents = [...sources, ...sourcesIn(hostFolder, /\.h$/), ...sourcesIn(addonFolder, /\.h$/)].map((file) =>
    readFileSync(file, 'utf8'),
  )
  const kind = sanitize ? 'sanitized' : 'plain'
  const folder = join(hostStore, `${kind}-${keyOf(compilerVersion(compiler), ...flags, ...contents)}`)
  const objects = sources.map((_, index) => join(folder, `${index}.o`))
  if (existsSync(folder)) return objects
  const scratch = `${folder}.${process.pid}`
  mkdirSync(scratch, { recursive: true })
  for (const [index, source] of sources.entries()) await compile(compiler, flags, source, join(scratch, `${index}.o`))
  publish(scratch, folder)
  return objects
}

/** Two builds may come to the same result at once: the first one's is taken. */
function publish(scratch, folder) {
  try {
    renameSync(scratch, folder)
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    rmSync(scratch, { recursive: true })
  }
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url) {
  const { values, positionals } = parseArgs({ options: { target: { type: 'string' } }, allowPositionals: true })
  const parts = { engine: compileEngine, host: compileHost }
  const part = parts[positionals[0]]
  if (part === undefined) throw new Error(`Cannot compile "${positionals[0]}": the parts are engine and host`)
  const { compiler } = toolchainOf(values.target)
  // Without a compiler there is no one-shot executable, as its own build script says.
  if (compilerVersion(compiler) !== undefined)
    await part(compiler, false).catch((error) => {
      console.error(error.message)
      process.exitCode = 1
    })
}
