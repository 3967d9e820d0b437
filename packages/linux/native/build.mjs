// Compiles the native addon with the system's C compiler. Plain JavaScript, because it runs before anything is built.
//   node build.mjs             dist/patchbay.node; in a checkout only when a source is newer
//   node build.mjs --output FILE  for another machine than this one, with the compiler that CC names
//   node build.mjs --sanitize  dist/patchbay.sanitized.node, with the address and undefined-behaviour sanitizers
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const { values: args } = parseArgs({
  options: { sanitize: { type: 'boolean', default: false }, output: { type: 'string' } },
})
const { sanitize } = args
const output = args.output ?? join(here, '..', 'dist', sanitize ? 'patchbay.sanitized.node' : 'patchbay.node')
// Who runs this in an installed package wants the addon built for this machine, whatever the package came with.
const isInstalled = !existsSync(join(here, '..', 'tsconfig.json'))
const sources = [
  'addon.c',
  'netns.c',
  'procfs.c',
  'socket.c',
  'job.c',
  'job-affinity.c',
  'subscription.c',
  'child.c',
].map((file) => join(here, file))

/** Node ships its headers beside itself; where a distribution splits them off, the headers package has them. */
function includeDirectory() {
  const beside = join(dirname(process.execPath), '..', 'include', 'node')
  if (existsSync(join(beside, 'node_api.h'))) return beside
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir
  } catch {
    fail(`Cannot find node_api.h: neither in "${beside}" nor as the package "node-api-headers"; install one of them`)
  }
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

function isFresh() {
  if (isInstalled || !existsSync(output)) return false
  const built = statSync(output).mtimeMs
  return [...sources, join(here, 'native.h'), fileURLToPath(import.meta.url)].every(
    (source) => statSync(source).mtimeMs < built,
  )
}

if (!isFresh()) {
  // A compiler of tomorrow may warn of what ours does not: no reason to leave a user without an addon.
  const warnings = isInstalled ? [] : ['-Wall', '-Wextra', '-Werror']
  const flags = ['-std=gnu11', ...warnings, '-fPIC', '-shared', '-pthread', '-fvisibility=hidden']
  // A worker that ends unloads it otherwise, with a thread still in it.
  flags.push('-Wl,-z,nodelete')
  const mode = sanitize ? ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] : ['-O2', '-s']
  mkdirSync(dirname(output), { recursive: true })
  const compiler = process.env.CC ?? 'cc'
  const run = spawnSync(compiler, [...flags, ...mode, `-I${includeDirectory()}`, '-o', output, ...sources], {
    stdio: 'inherit',
  })
  if (run.error) fail(`Cannot compile the native addon: "${compiler}" does not start; install a C compiler or set CC`)
  if (run.status !== 0) fail('Cannot compile the native addon: see the messages above')
}
