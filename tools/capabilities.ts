import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { referenceFolder } from './provide.ts'
import { canUnshare, runInSandbox } from './sandbox.ts'
import { referencePlugins } from './test-needs.ts'

/** Something of the kernel that tests may need, and a command that works only where it is there. */
export interface KernelFeature {
  readonly name: string
  readonly required: boolean
  /** Run as root in a fresh network namespace that holds the two ends of a veth pair, `base0` and `base1`. */
  readonly probe: string
}

/** One line of the table. */
export interface Capability {
  readonly name: string
  readonly present: boolean
  readonly required: boolean
  /** Version, path, or what to do when it is missing. */
  readonly detail: string
  /** Whether it is asked by some tests only: without it, the others can run. */
  readonly witness?: boolean
}

export interface Program {
  readonly name: string
  readonly version: readonly string[]
  /** The Debian package that has it; several with a space between them, where it needs more to be of use. */
  readonly package: string
  /** Whether tests use it today. */
  readonly required: boolean
}

export const programs: readonly Program[] = [
  { name: 'ip', version: ['-Version'], package: 'iproute2', required: true },
  { name: 'tc', version: ['-Version'], package: 'iproute2', required: false },
  { name: 'nft', version: ['--version'], package: 'nftables', required: true },
  { name: 'iptables', version: ['--version'], package: 'iptables', required: true },
  { name: 'conntrack', version: ['--version'], package: 'conntrack', required: true },
  { name: 'firewall-cmd', version: ['--version'], package: 'firewalld', required: true },
  { name: 'dbus-daemon', version: ['--version'], package: 'dbus-daemon', required: true },
  { name: 'ping', version: ['-V'], package: 'iputils-ping', required: false },
  { name: 'strace', version: ['-V'], package: 'strace', required: true },
  { name: 'qemu-system-x86_64', version: ['--version'], package: 'qemu-system-x86', required: true },
  { name: 'qemu-system-aarch64', version: ['--version'], package: 'qemu-system-arm', required: true },
  { name: 'qemu-aarch64', version: ['--version'], package: 'qemu-user', required: true },
  {
    name: 'aarch64-linux-gnu-gcc',
    version: ['--version'],
    package: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
    required: true,
  },
  { name: 'modprobe', version: ['--version'], package: 'kmod', required: true },
  { name: 'cc', version: ['--version'], package: 'gcc', required: true },
]

/** What to do where tests of the kernel cannot run. */
export const namespaceAdvice = 'run as root, or allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1'

/**
 * What this machine gives to tests of the kernel.
 *
 * @param checkout the folder whose `dist` holds downloaded reference plugins
 */
export function probeCapabilities(features: readonly KernelFeature[], checkout: string): Capability[] {
  const root = process.getuid?.() === 0
  const namespaces = canUnshare()
  const installed = programs.map(probeProgram)
  // The probes are made of it.
  const probing = namespaces && installed.some(({ name, present }) => name === 'ip' && present)
  return [
    { name: 'root', present: root, required: false, detail: root ? '' : 'tests of the kernel use a user namespace' },
    { name: 'namespaces', present: namespaces, required: true, detail: namespaces ? '' : namespaceAdvice },
    ...installed,
    ...probeKernel(probing ? features : []),
    probeReference(checkout),
  ]
}

/** Why no test of the kernel can run here, and what to do; `undefined` when those can that need no more than is there. */
export function obstacleIn(capabilities: readonly Capability[]): string | undefined {
  const missing = capabilities.filter(({ present, required, witness }) => required && !present && !witness)
  if (missing.length === 0) return undefined
  return missing.map(({ name, detail }) => `no ${name} (${detail})`).join(', ')
}

export function probeProgram({ name, version, package: owner, required }: Program): Capability {
  const { error, stdout } = spawnSync(name, version, { encoding: 'utf8' })
  if (error !== undefined)
    return { name, present: false, required, witness: true, detail: `the package ${owner} has it` }
  return { name, present: true, required, witness: true, detail: /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? '' }
}

/** Whether the kernel that this runs on has each of the features. */
export function probeKernel(features: readonly KernelFeature[]): Capability[] {
  const probes = features.map(({ probe }, index) => `(${probe}) >/dev/null 2>&1 && echo ${index}`)
  const script = ['ip link add base0 type veth peer name base1', ...probes, 'true'].join('\n')
  const { output } = runInSandbox(['sh', '-c', script], { cwd: '/' })
  const present = new Set(output.split('\n'))
  return features.map(({ name, required }, index) => ({
    name: `kernel ${name}`,
    present: present.has(String(index)),
    required,
    detail: present.has(String(index)) ? '' : `Linux ${release()} does not have it here`,
  }))
}

/** Looks for the plugins to compare with. Those that do not speak the newest version of the protocol are no measure. */
export function probeReference(root: string): Capability {
  const given = process.env['PATCHBAY_REFERENCE']
  const downloaded = referenceFolder(root)
  const folder = given ?? (existsSync(downloaded) ? downloaded : '/usr/lib/cni')
  const { error, stderr } = spawnSync(join(folder, 'bridge'), [], { env: {}, encoding: 'utf8' })
  const versions = /supported: (.*)/.exec(error === undefined ? stderr : '')?.[1]
  const present = versions?.split(', ').includes('1.1.0') ?? false
  const found = versions === undefined ? `none in ${folder}` : `those in ${folder} speak ${versions}`
  const detail = present ? folder : `${found}; npm test gets them, as root on Debian`
  return { name: referencePlugins, present, required: given !== undefined, witness: true, detail }
}

/** The table as text, one capability a line. */
export function formatCapabilities(capabilities: readonly Capability[]): string {
  const width = Math.max(...capabilities.map(({ name }) => name.length))
  return capabilities
    .map(({ name, present, detail }) => `  ${name.padEnd(width)}  ${present ? 'yes' : 'no '}  ${detail}`.trimEnd())
    .join('\n')
}

/** The one reason that excuses a skipped test: `kernel lacks vlan`, when the probe says so too. */
export function excusesSkip(reason: string, capabilities: readonly Capability[]): boolean {
  const feature = /^kernel lacks (.+)$/.exec(reason)?.[1]
  return capabilities.some(({ name, present }) => name === `kernel ${feature}` && !present)
}
