import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { DebianSuite } from './kernels/debian-suite.ts'
import { downloadKernel } from './kernels/kernel-files.ts'
import { type Kernel, nameOf } from './kernels/kernels.ts'

/** What tests ask and this machine lacks. */
export interface Wanted {
  /** Programs, and the Debian packages that have them. */
  readonly programs: readonly { readonly name: string; readonly package: string }[]
  /** Whether the reference plugins are to be downloaded. */
  readonly reference: boolean
  /** Kernels to be downloaded. */
  readonly kernels: readonly Kernel[]
}

/** Where the machine is looked at and changed; the defaults are the machine's own. */
export interface Machine {
  readonly release?: string
  readonly units?: string
  readonly isRoot?: boolean
}

/** Where downloaded reference plugins are kept: once for all runs, in a folder that git ignores. */
export function referenceFolder(root: string): string {
  return join(root, 'dist', 'reference')
}

/** Why packages cannot be installed here; `undefined` when they can. */
export function installObstacle({
  release = '/etc/os-release',
  isRoot = process.getuid?.() === 0,
}: Machine = {}): string | undefined {
  if (!isDebian(release)) return 'this is not Debian'
  return isRoot ? undefined : 'only root can install packages'
}

function isDebian(release: string): boolean {
  const text = existsSync(release) ? readFileSync(release, 'utf8') : ''
  return /^ID(?:_LIKE)?=.*\bdebian\b/m.test(text)
}

/** Says what is wanted and why, asks where somebody can answer, and gets it; what fails is said, and tests go on without. */
export async function provide(wanted: Wanted, root: string, machine: Machine = {}): Promise<void> {
  const packages = [...new Set(wanted.programs.flatMap((each) => each.package.split(' ')))]
  const names = wanted.programs.map(({ name }) => name).join(', ')
  if (packages.length > 0)
    console.log(
      `Tests ask these programs about the state of the kernel, and this machine lacks them: ${names}.\n` +
        `To be installed: apt-get install ${packages.join(' ')}`,
    )
  if (packages.includes('firewalld'))
    console.log(
      'firewalld will be masked, so that it never starts by itself: the firewall of this machine stays as it is.',
    )
  if (wanted.reference)
    console.log(
      'Tests of conformance compare with the reference plugins, which are not here.\n' +
        'To be downloaded to dist/reference, not installed: the Debian package containernetworking-plugins',
    )
  if (wanted.kernels.length > 0)
    console.log(
      'Tests run on other kernels too, which are not here, in a virtual machine.\n' +
        `To be downloaded to dist/kernels, 70 MB each, not installed: ${wanted.kernels.map(describeKernel).join(', ')}`,
    )
  if (!(await isAgreed())) return console.log('Nothing was installed; what needs it is left out')
  if (packages.length > 0) installPackages(packages, machine)
  if (wanted.reference) downloadReference(root)
  for (const kernel of wanted.kernels) attempt(`download ${describeKernel(kernel)}`, () => downloadKernel(root, kernel))
}

function describeKernel(kernel: Kernel): string {
  return `Linux ${nameOf(kernel)} of Debian ${kernel.suite}`
}

function attempt(what: string, work: () => void): void {
  const started = performance.now()
  try {
    work()
    showTime(what, started)
  } catch (error) {
    console.log(`Cannot ${what}: ${error instanceof Error ? error.message : error}`)
  }
}

async function isAgreed(): Promise<boolean> {
  if (process.env['CI'] === 'true' || !process.stdin.isTTY || !process.stdout.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await terminal.question('Go ahead? [Y/n] ')
    return /^(?:y(?:es)?)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

function installPackages(packages: readonly string[], { units = '/etc/systemd/system' }: Machine): void {
  const mask = join(units, 'firewalld.service')
  const isMasked = packages.includes('firewalld') && lstatSync(mask, { throwIfNoEntry: false }) === undefined
  if (isMasked) {
    mkdirSync(units, { recursive: true })
    symlinkSync('/dev/null', mask)
  }
  // Another process of apt, such as one that looks for updates, is waited for.
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-qq']
  const isInstalled =
    run('update the lists of packages', 'apt-get', [...wait, 'update']) &&
    run('install packages', 'apt-get', [...wait, 'install', '-y', '--no-install-recommends', ...packages])
  if (isMasked && !isInstalled) rmSync(mask)
}

function downloadReference(root: string): void {
  const folder = referenceFolder(root)
  const fresh = `${folder}.new`
  rmSync(fresh, { recursive: true, force: true })
  attempt('download the reference plugins', () => {
    try {
      using debian = new DebianSuite('forky')
      debian.unpack(['containernetworking-plugins'], fresh)
      rmSync(folder, { recursive: true, force: true })
      renameSync(join(fresh, 'usr/lib/cni'), folder)
    } finally {
      rmSync(fresh, { recursive: true, force: true })
    }
  })
}

function run(what: string, command: string, args: readonly string[]): boolean {
  const started = performance.now()
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env, encoding: 'utf8', input: '', maxBuffer: 2 ** 26 } as const
  const { status, stdout, stderr, error } = spawnSync(command, args, options)
  if (status === 0) showTime(what, started)
  else console.log(`${stdout}${stderr}`.trimEnd(), `\nCannot ${what}: ${error?.message ?? 'see above'}`)
  return status === 0
}

function showTime(what: string, started: number): void {
  console.log(`${what.padEnd(40)} ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
