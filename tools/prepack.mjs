// Completes a package before it is packed (its script "prepack", run in its folder): compiles what is stale, removes what
// is left of sources that are gone, makes the CommonJS form, and puts the licence in. Plain JavaScript, because it builds.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const built = 'dist/src'
const commonjs = 'dist/cjs'

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

function filesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

function isLeftOver(file) {
  return !existsSync(file.replace(built, 'src').replace(/(?:\.d)?\.[jt]s(?:\.map)?$/, '.ts'))
}

/**
 * File by file what the compiler made, in the other form. Declarations are the same text: it is the package.json beside
 * them that makes them those of CommonJS modules.
 */
function makeCommonJS(files) {
  rmSync(commonjs, { recursive: true, force: true })
  const modules = files.filter((file) => file.endsWith('.js'))
  buildSync({
    entryPoints: modules,
    outdir: commonjs,
    outbase: built,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    // Where `import.meta` is used, there is something else for where it is empty.
    logOverride: { 'empty-import-meta': 'silent' },
  })
  for (const file of files.filter((file) => /\.d\.ts(?:\.map)?$/.test(file)))
    cpSync(file, file.replace(built, commonjs))
  writeFileSync(join(commonjs, 'package.json'), '{ "type": "commonjs", "sideEffects": false }\n')
}

run(join(root, 'node_modules/typescript/bin/tsc'), '-b')
if (existsSync('native/build.mjs')) run('native/build.mjs')
for (const file of filesIn(built).filter(isLeftOver)) rmSync(file)
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
if (JSON.stringify(exports).includes(commonjs)) makeCommonJS(filesIn(built))
copyFileSync(join(root, 'LICENSE'), 'LICENSE')
