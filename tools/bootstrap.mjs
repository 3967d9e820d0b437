// Makes a checkout ready and runs one of the tools: node tools/bootstrap.mjs COMMAND [argument]...
// Plain JavaScript without dependencies, because it runs before anything is installed or built.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tools = {
  build: undefined,
  test: 'tools/dist/test.js',
  ok: 'tools/dist/ok.js',
  demo: 'tools/dist/demo.js',
  bench: 'tools/dist/bench.js',
}

/** Runs one step; prints a line with its time, or everything it wrote and nothing more when it fails. */
function step(name, command, args) {
  const started = performance.now()
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if (result.error || result.status !== 0) {
    console.error(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`)
    fail(`Cannot ${name}: ${[command, ...args].join(' ')} failed, see above`)
  }
  console.log(`${name.padEnd(24)} ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

function isInstalled() {
  const mark = join(root, 'node_modules/.package-lock.json')
  return existsSync(mark) && statSync(mark).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** The build scripts and the compiler look for themselves what is stale. */
function build() {
  if (!isInstalled()) step('install dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  step('compile TypeScript', process.execPath, ['node_modules/typescript/bin/tsc', '-b'])
  const scripts = {
    'build native addon': 'packages/linux/native/build.mjs',
    'build executables': 'packages/patchbay/build.mjs',
    'build one-shot plugins': 'packages/patchbay/build-oneshot.mjs',
  }
  for (const [name, script] of Object.entries(scripts)) {
    if (existsSync(join(root, script))) step(name, process.execPath, [script])
  }
}

const [command = '', ...args] = process.argv.slice(2)
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 4)) fail(`Cannot run Node ${process.versions.node}: 20.4 or newer is needed`)
if (!Object.hasOwn(tools, command)) {
  fail(`Cannot run "${command}": the commands are ${Object.keys(tools).join(', ')}`)
}
build()
const tool = tools[command]
if (tool !== undefined) {
  if (!existsSync(join(root, tool))) fail(`Cannot run "${command}": ${tool} does not exist`)
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', join(root, tool), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
