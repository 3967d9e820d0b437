import { type ArchitectureName, ownArchitecture } from './architectures.ts'

/** A kernel that tests run on besides this machine's own: the one of a Debian suite. */
export interface Kernel {
  /** `5.10` */
  readonly version: string
  readonly suite: string
  /** This machine's by default. */
  readonly architecture?: ArchitectureName
  /** Debian packages whose programs ask the kernel, where this machine's cannot. */
  readonly programs?: readonly string[]
}

/** From the oldest that is promised to the newest there is. */
export const kernels: readonly Kernel[] = [
  { version: '5.10', suite: 'bullseye' },
  { version: '6.1', suite: 'bookworm' },
  { version: '6.12', suite: 'trixie' },
  { version: '7.2', suite: 'forky' },
]

/** What the executables for arm64 run on. */
export const arm64Kernel: Kernel = {
  version: '6.1',
  suite: 'bookworm',
  architecture: 'arm64',
  programs: ['busybox-static', 'dash', 'iproute2', 'nftables', 'iptables', 'libgcc-s1'],
}

export function architectureOf({ architecture = ownArchitecture }: Kernel): ArchitectureName {
  return architecture
}

/** `6.1`, or `6.1-arm64` where that is not this machine's architecture. */
export function nameOf(kernel: Kernel): string {
  const architecture = architectureOf(kernel)
  return architecture === ownArchitecture ? kernel.version : `${kernel.version}-${architecture}`
}

/** What asks for all of them, as `--whole` does. */
export const wholeVariable = 'PATCHBAY_TEST_WHOLE'

/** Kernels that run, and those that others could have asked for. */
export interface KernelChoice {
  readonly chosen: readonly Kernel[]
  readonly left: readonly Kernel[]
  /** Whether those that run were asked for by name. */
  readonly isNamed: boolean
}

/**
 * The kernels of a run: those that are named, by version or suite, or all, or else the oldest, which is the one that is
 * promised: each takes minutes.
 *
 * @throws RangeError for a name that no kernel has
 */
export function chooseKernels(names: readonly string[], { whole }: { whole: boolean }): KernelChoice {
  const unknown = names.find((name) => !kernels.some((kernel) => isCalled(kernel, name)))
  if (unknown !== undefined) {
    const known = kernels.map(({ version, suite }) => `${version} (${suite})`).join(', ')
    throw new RangeError(`Cannot run tests on the kernel "${unknown}": the kernels are ${known}`)
  }
  const isChosen = (kernel: Kernel): boolean => {
    if (names.length > 0) return names.some((name) => isCalled(kernel, name))
    return whole || kernel === kernels[0]
  }
  return {
    chosen: kernels.filter(isChosen),
    left: kernels.filter((kernel) => !isChosen(kernel)),
    isNamed: names.length > 0,
  }
}

function isCalled({ version, suite }: Kernel, name: string): boolean {
  return name === version || name === suite
}
