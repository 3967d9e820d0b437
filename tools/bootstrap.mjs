// Makes a checkout ready and runs one of the tools: node tools/bootstrap.mjs COMMAND [argument]...
//   node tools/bootstrap.mjs build --target arm64   makes executables for another machine as well, in dist/cni-arm64
// Plain JavaScript without dependencies, because it runs before anything is installed or built.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BuildState } from './bootstrap/build-state.mjs'
import { runSteps } from './bootstrap/run-steps.mjs'
import { toolchainOf } from './bootstrap/targets.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tools = {
  build: undefined,
  test: 'tools/dist/test.js',
  ok: 'tools/dist/ok.js',
  demo: 'demo/dist/main.js',
  bench: 'bench/dist/main.js',
}

const node = process.execPath
const install = 'install dependencies'
const objects = 'packages/oneshot/build-objects.mjs'
/** The build scripts and the compiler look for themselves what is stale. The engine takes longest, and begins first. */
const steps = {
  [install]: { needs: [], command: ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'], first: true },
  'compile the engine': { needs: [install], command: [node, objects, 'engine'], first: true },
  'compile TypeScript': { needs: [install], command: [node, 'node_modules/typescript/bin/tsc', '-b'] },
  'build native addon': { needs: [install], command: [node, 'packages/linux/native/build.mjs'] },
  'build executables': {
    needs: ['compile TypeScript', 'build native addon'],
    command: [node, 'packages/patchbay/build.mjs'],
  },
  'compile the host': { needs: [install], command: [node, objects, 'host'] },
  'build one-shot plugins': {
    needs: ['compile TypeScript', 'compile the engine', 'compile the host'],
    command: [node, 'packages/oneshot/build.mjs'],
    first: true,
  },
}

/** The same for another machine. Everything else has been built by then, and is what these are made of. */
function targetSteps(target) {
  const { compiler, suffix } = toolchainOf(target)
  const addon = ['--output', join(root, 'dist', `addon${suffix}`, 'patchbay.node')]
  const forTarget = ['--target', target]
  return {
    [`compile the engine for ${target}`]: { needs: [], command: [node, objects, 'engine', ...forTarget], first: true },
    [`compile the host for ${target}`]: { needs: [], command: [node, objects, 'host', ...forTarget] },
    [`build native addon for ${target}`]: {
      needs: [],
      command: ['env', `CC=${compiler}`, node, 'packages/linux/native/build.mjs', ...addon],
    },
    [`build executables for ${target}`]: {
      needs: [`build native addon for ${target}`],
      command: [node, 'packages/patchbay/build.mjs', ...forTarget],
    },
    [`build one-shot plugins for ${target}`]: {
      needs: ['engine', 'host'].map((part) => `compile the ${part} for ${target}`),
      command: [node, 'packages/oneshot/build.mjs', ...forTarget],
    },
  }
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

function isInstalled() {
  const mark = join(root, 'node_modules/.package-lock.json')
  return existsSync(mark) && statSync(mark).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** A build script that does not exist is left out. */
function isDue([name, { command }]) {
  if (name === install) return !isInstalled()
  return name === 'compile TypeScript' || existsSync(join(root, command[1]))
}

/** @returns whether anything had changed */
async function build() {
  const state = new BuildState(root)
  if (isInstalled() && state.isCurrent()) return false
  state.forget()
  const failure = await runSteps(Object.fromEntries(Object.entries(steps).filter(isDue)), root)
  if (failure !== undefined) fail(failure)
  state.remember()
  return true
}

const [command = '', ...args] = process.argv.slice(2)
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 4)) fail(`Cannot run Node ${process.versions.node}: 20.4 or newer is needed`)
if (!Object.hasOwn(tools, command)) {
  fail(`Cannot run "${command}": the commands are ${Object.keys(tools).join(', ')}`)
}

/** @returns the machine that `build` is to build for besides this one */
function readTarget() {
  try {
    const { target } = parseArgs({ args, options: { target: { type: 'string' } } }).values
    toolchainOf(target)
    return target
  } catch (error) {
    fail(`${error.message}\nnpm run build [-- --target MACHINE]`)
  }
}

const target = command === 'build' ? readTarget() : undefined
const wasStale = await build()
if (target !== undefined) {
  const failure = await runSteps(targetSteps(target), root)
  if (failure !== undefined) fail(failure)
}
const tool = tools[command]
if (tool === undefined) {
  if (!wasStale && target === undefined) console.log('Nothing has changed since the last build')
} else {
  if (!existsSync(join(root, tool))) fail(`Cannot run "${command}": ${tool} does not exist`)
  const { status } = spawnSync(node, ['--enable-source-maps', join(root, tool), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
