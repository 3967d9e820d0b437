// Makes dist/cni/bin: one self-contained executable under the name of every program in it, and the native addon
// beside it. The folder works wherever it is copied as a whole.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const output = join(root, 'dist', 'cni', 'bin')
const executable = join(output, 'patchbay')
const addon = join(root, 'packages', 'linux', 'dist', 'patchbay.node')
const sources = ['address', 'cni', 'linux', 'plugins', 'patchbay'].map((name) =>
  join(root, 'packages', name, 'dist', 'src'),
)

function fail(message) {
  console.error(message)
  process.exit(1)
}

function newest(directory) {
  let time = 0
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.name.endsWith('.js'))
      time = Math.max(time, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs)
  }
  return time
}

function isFresh() {
  const built = statSync(executable, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return (
    [fileURLToPath(import.meta.url), addon].every((file) => statSync(file).mtimeMs < built) &&
    sources.every((directory) => newest(directory) < built)
  )
}

function bun() {
  const package_ = dirname(createRequire(import.meta.url).resolve('bun/package.json'))
  return join(package_, 'bin', existsSync(join(package_, 'bin', 'bun')) ? 'bun' : 'bun.exe')
}

/** Into a new file that takes the old one's place: an executable that is running cannot be written to. */
function compile() {
  const fresh = join(output, '.patchbay.new')
  // Few functions of a call run often enough to be worth compiling, and the compiler's threads take the processor from it.
  const flags = ['--compile', '--minify', '--bytecode', '--format=cjs', '--compile-jit-policy=30']
  // A program that runs as root must not be configured by files in the directory it happens to be run in.
  const closed = ['--no-compile-autoload-bunfig', '--no-compile-autoload-dotenv']
  const entry = join(here, 'dist', 'src', 'main.js')
  const run = spawnSync(bun(), ['build', ...flags, ...closed, entry, '--outfile', fresh], {
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

async function link() {
  const { plugins, toolNames } = await import(pathToFileURL(join(here, 'dist', 'src', 'programs.js')).href)
  const names = [...Object.keys(plugins), ...toolNames].filter((name) => name !== 'patchbay')
  for (const entry of readdirSync(output)) {
    if (!['patchbay', 'patchbay.node'].includes(entry)) rmSync(join(output, entry))
  }
  for (const name of names) symlinkSync('patchbay', join(output, name))
  copyFileSync(addon, join(output, '.patchbay.node.new'))
  renameSync(join(output, '.patchbay.node.new'), join(output, 'patchbay.node'))
}

mkdirSync(output, { recursive: true })
if (!isFresh()) {
  compile()
  await link()
}
