import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Packages of a Debian suite that need not be this machine's, from the mirror that its apt already uses. Nothing is installed,
 * and apt's own lists stay as they are.
 */
export class DebianSuite implements Disposable {
  readonly #folder: string
  readonly #options: readonly string[]

  /**
   * @param architecture this machine's by default
   * @throws Error when apt has no Debian mirror, or does not get the lists of the suite
   */
  constructor(suite: string, architecture?: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'patchbay-suite-'))
    for (const name of ['sources', 'preferences', 'lists/partial', 'archives/partial'])
      mkdirSync(join(this.#folder, name), { recursive: true })
    this.#options = optionsIn(this.#folder, architecture)
    try {
      const { uri, key } = mirror()
      const line = `deb ${sourceOptions({ arch: architecture, 'signed-by': key })}${uri} ${suite} main\n`
      writeFileSync(join(this.#folder, 'sources', `${suite}.list`), line)
      this.#apt('apt-get', 'update')
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** The packages that a package asks for by name. */
  dependencies(name: string): string[] {
    const printed = this.#apt('apt-cache', 'depends', name)
    return [...printed.matchAll(/^ *\|?Depends: ([^<\s]+)$/gm)].flatMap(([, dependency]) => dependency ?? [])
  }

  /** Downloads packages and unpacks them into a folder. */
  unpack(names: readonly string[], folder: string): void {
    this.#apt('apt-get', 'download', ...names)
    this.#extract(this.#folder, folder)
  }

  /** As {@link unpack}, with all packages that these need. */
  unpackWhole(names: readonly string[], folder: string): void {
    const install = ['install', '--download-only', '--no-install-recommends', '--yes']
    this.#apt('apt-get', ...install, '-o', 'Dir::State::Status=/dev/null', ...names)
    this.#extract(join(this.#folder, 'archives'), folder)
  }

  #extract(from: string, folder: string): void {
    mkdirSync(folder, { recursive: true })
    for (const file of readdirSync(from).filter((name) => name.endsWith('.deb'))) {
      output('dpkg-deb', ['--extract', join(from, file), folder])
      rmSync(join(from, file))
    }
  }

  #apt(program: string, ...args: readonly string[]): string {
    return output(program, [...this.#options, '-qq', ...args], this.#folder)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The archive of an old suite is no longer signed anew: its lists have a date by which they were to be replaced. */
function optionsIn(folder: string, architecture: string | undefined): string[] {
  const settings = [
    'Dir::Etc::SourceList=/dev/null',
    `Dir::Etc::SourceParts=${folder}/sources`,
    'Dir::Etc::Preferences=/dev/null',
    `Dir::Etc::PreferencesParts=${folder}/preferences`,
    `Dir::State::Lists=${folder}/lists`,
    `Dir::Cache::Archives=${folder}/archives`,
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
    'APT::Sandbox::User=root',
    'Acquire::Check-Valid-Until=false',
    ...(architecture === undefined ? [] : [`APT::Architecture=${architecture}`, `APT::Architectures=${architecture}`]),
  ]
  return settings.flatMap((setting) => ['-o', setting])
}

/** The address of this machine's mirror, and the key that it is checked by where the sources name one. */
function mirror(): { uri: string; key: string | undefined } {
  const format = '$(REPO_URI) $(SIGNED_BY)'
  const filter = ['Created-By: Packages', 'Origin: Debian', 'Label: Debian']
  const [line] = output('apt-get', ['indextargets', '--format', format, ...filter]).split('\n')
  if (!line) throw new Error('Cannot find a mirror: apt has no lists of a Debian suite; apt-get update gets them')
  const [uri = '', key = ''] = line.split(' ')
  // Where there is no key, apt prints the format itself.
  return { uri, key: key === '' || key.startsWith('$(') ? undefined : key }
}

/** `[arch=arm64 signed-by=FILE] `, as a line of sources has them. */
function sourceOptions(options: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `[${given.map(([name, value]) => `${name}=${value}`).join(' ')}] `
}

/** @throws Error with what the program wrote, when its status is not 0 */
export function output(program: string, args: readonly string[], cwd = '/'): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (error) throw error
  if (status !== 0) throw new Error(`Cannot run ${program}: status ${status}: ${stderr.trim()}`)
  return stdout
}
