import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url))
const packagesFolder = join(root, 'packages')
const modules = join(root, 'node_modules')

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program as somebody would from a shell: without the variables of the `npm` that runs the tests. */
export function run(command: readonly string[], { cwd, env = {} }: RunOptions): Outcome {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_TEST|INIT_CWD)/i.test(name))
  const [program = '', ...args] = command
  const result = spawnSync(program, args, {
    cwd,
    env: { ...Object.fromEntries(own), ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    timeout: 600_000,
    killSignal: 'SIGKILL',
  })
  if (result.error) throw result.error
  return result
}

/**
 * Runs a program and returns what it printed.
 *
 * @throws Error with all that it wrote, when it fails or has something to say on standard error
 */
export function succeed(command: readonly string[], options: RunOptions): string {
  const { status, stdout, stderr } = run(command, options)
  if (status === 0 && stderr === '') return stdout
  throw new Error(`Cannot run "${command.join(' ')}": status ${status}\n${`${stdout}\n${stderr}`.slice(-4000)}`)
}

/** Paths of packed packages by their names. */
export type Tarballs = ReadonlyMap<string, string>

/**
 * A copy of the checkout to pack packages in, so that they can get another version, and other tests see no file come and
 * go.
 */
export class Checkout {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    const parts = ['package.json', 'LICENSE', 'tsconfig.base.json', 'tools/prepack.mjs', 'packages']
    for (const part of parts) {
      cpSync(join(root, part), join(folder, part), { recursive: true, preserveTimestamps: true, filter: isPacked })
    }
    linkModules(folder)
  }

  /** Packs every package that is released, by the command that the documents give. */
  pack(): Tarballs {
    return this.#pack()
  }

  /** Packs every package again, with another version. */
  packAs(version: string): Tarballs {
    for (const name of packageFolders()) setVersion(join(this.#folder, 'packages', name), version)
    return this.#pack('--ignore-scripts')
  }

  #pack(...options: readonly string[]): Tarballs {
    npm(['run', '--silent', 'archives', '--', ...options], this.#folder)
    // Packing again empties the folder.
    const tarballs = mkdtempSync(join(this.#folder, 'tarballs-'))
    cpSync(join(this.#folder, 'dist/archives'), tarballs, { recursive: true })
    return new Map(readdirSync(tarballs).map((file) => [packageName(file), join(tarballs, file)]))
  }
}

/** Leaves out what the build of the one-shot executable works in: tens of megabytes that no package has. */
function isPacked(path: string): boolean {
  return !/packages\/oneshot\/dist$/.test(path)
}

/** `patchbay-linux-0.1.0.tgz` → `@patchbay/linux` */
function packageName(file: string): string {
  const [, scoped] = /^patchbay-([a-z]+)-/.exec(file) ?? []
  return scoped === undefined ? 'patchbay' : `@patchbay/${scoped}`
}

/** Those of packages that are released. */
function packageFolders(): string[] {
  return readdirSync(packagesFolder).filter((name) => !isPrivate(join(packagesFolder, name)))
}

function isPrivate(folder: string): boolean {
  const { private: isPrivate = false }: { private?: boolean } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  )
  return isPrivate
}

function linkModules(checkout: string): void {
  const own = join(checkout, 'node_modules')
  mkdirSync(join(own, '@patchbay'), { recursive: true })
  for (const name of readdirSync(modules).filter((name) => !/patchbay|^\./.test(name))) {
    symlinkSync(join(modules, name), join(own, name))
  }
  for (const name of packageFolders()) {
    symlinkSync(join(checkout, 'packages', name), join(own, name === 'patchbay' ? name : `@patchbay/${name}`))
  }
}

function setVersion(folder: string, version: string): void {
  const file = join(folder, 'package.json')
  const { dependencies = {}, ...manifest } = JSON.parse(readFileSync(file, 'utf8'))
  for (const name of Object.keys(dependencies)) if (/patchbay/.test(name)) dependencies[name] = version
  writeFileSync(file, JSON.stringify({ ...manifest, dependencies, version }))
}

/** Makes a project that depends on what was packed, and installs it without a network. */
export function makeProject(folder: string, tarballs: Tarballs): void {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'outside', private: true }))
  install(folder, tarballs)
  // What the types of the packages refer to; everybody who compiles for Node has these.
  mkdirSync(join(folder, 'node_modules', '@types'))
  for (const name of ['@types/node', 'undici-types']) {
    symlinkSync(join(modules, name), join(folder, 'node_modules', name))
  }
}

/** Installs what was packed in a project, without a network. */
export function install(folder: string, tarballs: Tarballs): void {
  npm(['install', '--offline', '--no-audit', '--no-fund', ...tarballs.values(), join(modules, 'commander')], folder)
}

/** Puts what was packed into the `node_modules` of a folder: what installing comes to, in a tenth of the time. */
export function unpack(folder: string, tarballs: Tarballs): void {
  for (const [name, tarball] of tarballs) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    succeed(['tar', '-xzf', tarball, '--strip-components=1'], { cwd: place })
  }
}

/** With a cache of its own, which is empty: nothing is needed that is not at hand. */
function npm(args: readonly string[], cwd: string): string {
  const env = { npm_config_cache: join(dirname(cwd), 'npm-cache'), npm_config_update_notifier: 'false' }
  return succeed(['npm', ...args], { cwd, env })
}

/** The command lines of the repository's compiler and bundler. */
export const tsc = [join(modules, '.bin', 'tsc')]
/** The oldest compiler that the declarations are for. */
export const oldestTsc = [process.execPath, join(modules, 'typescript-5.4', 'bin', 'tsc')]
export const esbuild = [join(modules, '.bin', 'esbuild'), '--log-level=warning']
