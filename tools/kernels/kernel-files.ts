import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ArchitectureName } from './architectures.ts'
import { DebianSuite, output } from './debian-suite.ts'
import { architectureOf, type Kernel, nameOf } from './kernels.ts'

/** A kernel as it lies in a folder of ours. */
export interface KernelFiles {
  readonly architecture: ArchitectureName
  readonly image: string
  /** The folder with `lib/modules/RELEASE`. */
  readonly base: string
  /** The folder with programs for it, as packages have them. */
  readonly programs: string
  /** What `uname -r` says on it. */
  readonly release: string
}

/** Where downloaded kernels are kept: once for all runs, in a folder that git ignores. */
export function kernelFolder(root: string, kernel: Kernel): string {
  return join(root, 'dist', 'kernels', nameOf(kernel))
}

/** The kernel that was downloaded; `undefined` when none was. */
export function findKernel(root: string, kernel: Kernel): KernelFiles | undefined {
  const base = kernelFolder(root, kernel)
  if (!existsSync(base)) return undefined
  const [release = ''] = readdirSync(join(base, 'lib/modules'))
  const architecture = architectureOf(kernel)
  return { architecture, base, release, image: join(base, 'vmlinuz'), programs: join(base, 'programs') }
}

/**
 * Downloads the kernel of a suite, 70 MB, with its modules.
 *
 * @throws Error when the mirror does not have it
 */
export function downloadKernel(root: string, kernel: Kernel): void {
  const folder = kernelFolder(root, kernel)
  const [fresh, unpacked] = [`${folder}.new`, `${folder}.unpacked`]
  for (const each of [fresh, unpacked]) rmSync(each, { recursive: true, force: true })
  mkdirSync(join(fresh, 'lib'), { recursive: true })
  try {
    unpackKernel(kernel, unpacked, join(fresh, 'programs'))
    arrange(unpacked, fresh)
  } finally {
    rmSync(unpacked, { recursive: true, force: true })
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(fresh, folder)
}

/** Some suites have the image, the modules and what they share in packages of their own. */
function unpackKernel(kernel: Kernel, folder: string, programs: string): void {
  const architecture = architectureOf(kernel)
  using debian = new DebianSuite(kernel.suite, kernel.architecture)
  const newest = `linux-image-${architecture}`
  const image = debian.dependencies(newest).find((name) => /^linux-image-\d/.test(name))
  if (image === undefined) throw new Error(`Cannot find the kernel of Debian ${kernel.suite}: ${newest} names none`)
  const parts = debian.dependencies(image).filter((name) => /^linux-(?:binary|modules|base)-\d/.test(name))
  debian.unpack([image, ...parts], folder)
  if (kernel.programs !== undefined) debian.unpackWhole(kernel.programs, programs)
}

/** Takes what a boot needs out of the packages: they have it in places that differ. */
function arrange(unpacked: string, folder: string): void {
  const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' })
  const image = files.find((file) => basename(file).startsWith('vmlinuz'))
  const modules = ['usr/lib/modules', 'lib/modules'].find((path) => existsSync(join(unpacked, path)))
  if (image === undefined || modules === undefined) throw new Error('Cannot unpack the kernel: its package has changed')
  cpSync(join(unpacked, image), join(folder, 'vmlinuz'))
  renameSync(join(unpacked, modules), join(folder, 'lib/modules'))
  const [release = ''] = readdirSync(join(folder, 'lib/modules'))
  for (const link of ['build', 'source']) rmSync(join(folder, 'lib/modules', release, link), { force: true })
  output('depmod', ['--basedir', folder, release])
}

/** The files of modules and of what they need, in the order in which they load. */
export function moduleFiles({ base, release }: KernelFiles, names: readonly string[]): string[] {
  const lines = names.flatMap((name) =>
    output('modprobe', ['--dirname', base, '--set-version', release, '--show-depends', name]).split('\n'),
  )
  return [...new Set(lines.flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []))]
}

/**
 * Modules that a kernel may load by itself, with the tables that it finds them by: of tables for all modules, reading takes seconds on a
 * machine without hardware.
 *
 * @param names how the paths of files begin, below the folder of all modules: `net/bridge`, `drivers/net/veth`
 * @returns files with what they need, by path below `lib/modules/RELEASE`
 */
export function modulesNamed({ base, release }: KernelFiles, names: readonly string[]): Map<string, Buffer> {
  const folder = join(base, 'lib/modules', release)
  const linesOf = (table: string): string[] => readFileSync(join(folder, table), 'utf8').split('\n')
  const dependencies = new Map(linesOf('modules.dep').map((line) => [line.split(':')[0] ?? '', line]))
  const wanted = [...dependencies.keys()].filter((file) => names.some((name) => file.startsWith(`kernel/${name}`)))
  const files = new Set(
    wanted.flatMap((file) => dependencies.get(file)?.split(/: ?| /) ?? []).filter((file) => file !== ''),
  )
  const modules = new Set([...files].map((file) => moduleName(file)))
  const aliases = linesOf('modules.alias').filter((line) => modules.has(line.split(' ').at(-1) ?? ''))
  const table = (lines: readonly (string | undefined)[]): Buffer => Buffer.from(`${lines.join('\n')}\n`)
  return new Map([
    ['modules.alias', table(aliases)],
    ['modules.dep', table([...files].map((file) => dependencies.get(file)))],
    ...[...files].map((file): [string, Buffer] => [file, readFileSync(join(folder, file))]),
  ])
}

/** `kernel/net/nft-a.ko.xz` → `nft_a` */
function moduleName(file: string): string {
  return basename(file).replace(/\..*/, '').replaceAll('-', '_')
}
