import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DebianSuite, output } from './debian-suite.ts'
import type { Kernel } from './kernels.ts'

/** A kernel as it lies in a folder of ours. */
export interface KernelFiles {
  readonly image: string
  /** The folder with `lib/modules/RELEASE`. */
  readonly base: string
  /** What `uname -r` says on it. */
  readonly release: string
}

/** What a module needs is loaded with it: of the list, the first file is the first to load. */
const bootModules = ['virtio_pci', '9pnet_virtio', '9p', 'overlay']

/** Where downloaded kernels are kept: once for all runs, in a folder that git ignores. */
export function kernelFolder(root: string, { version }: Kernel): string {
  return join(root, 'dist', 'kernels', version)
}

/** The kernel that was downloaded; `undefined` when none was. */
export function findKernel(root: string, kernel: Kernel): KernelFiles | undefined {
  const base = kernelFolder(root, kernel)
  if (!existsSync(base)) return undefined
  const [release = ''] = readdirSync(join(base, 'lib/modules'))
  return { base, release, image: join(base, 'vmlinuz') }
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
    unpackKernel(kernel, unpacked)
    arrange(unpacked, fresh)
  } finally {
    rmSync(unpacked, { recursive: true, force: true })
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(fresh, folder)
}

/** Some suites have the image, the modules and what they share in packages of their own. */
function unpackKernel({ suite }: Kernel, folder: string): void {
  using debian = new DebianSuite(suite)
  const image = debian.dependencies('linux-image-amd64').find((name) => /^linux-image-\d/.test(name))
  if (image === undefined) throw new Error(`Cannot find the kernel of Debian ${suite}: linux-image-amd64 names none`)
  const parts = debian.dependencies(image).filter((name) => /^linux-(?:binary|modules|base)-\d/.test(name))
  debian.unpack([image, ...parts], folder)
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

/** The files of the modules that the machine's files are reached by, in the order in which they load. */
export function bootModuleFiles({ base, release }: KernelFiles): string[] {
  const lines = bootModules.flatMap((name) =>
    output('modprobe', ['--dirname', base, '--set-version', release, '--show-depends', name]).split('\n'),
  )
  return [...new Set(lines.flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []))]
}
