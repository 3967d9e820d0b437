/** Processors that kernels are for, as Debian names them. */
export type ArchitectureName = 'amd64' | 'arm64'

/** What kernels of an architecture run on, in a virtual machine. */
export interface Architecture {
  /** The program of QEMU. */
  readonly emulator: string
  /** Arguments of that. */
  readonly machine: readonly string[]
  /** What the kernel is told besides what all are told. */
  readonly kernelArguments: readonly string[]
}

export const architectures: Readonly<Record<ArchitectureName, Architecture>> = {
  amd64: {
    emulator: 'qemu-system-x86_64',
    machine: ['-cpu', 'max'],
    // Clocks: without hardware to run on, the kernel distrusts the quick one, and asks a slow one a thousand times a second.
    kernelArguments: ['console=ttyS0', 'tsc=reliable'],
  },
  arm64: {
    emulator: 'qemu-system-aarch64',
    // The newest processor signs its return addresses, which takes a machine without hardware longer than all the rest.
    machine: ['-machine', 'virt', '-cpu', 'neoverse-n1'],
    kernelArguments: ['console=ttyAMA0'],
  },
}

/** The architecture of this machine; kernels for it can run with this machine's programs. */
export const ownArchitecture: ArchitectureName = process.arch === 'arm64' ? 'arm64' : 'amd64'
