import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { outputOfGroup } from '../own-group.ts'
import { workspaceRoot } from '../repository.ts'
import { architectures } from './architectures.ts'
import { type ArchiveEntry, archive } from './archive.ts'
import { output } from './debian-suite.ts'
import { type KernelFiles, moduleFiles } from './kernel-files.ts'
import { makeRunFolder } from './run-folder.ts'

const MEMORY_MIB = 2048
const kernelArguments = ['quiet', 'loglevel=3', 'panic=-1', 'mitigations=off', 'net.ifnames=0']
/** What this machine's files are reached by. */
const bootModules = ['virtio_pci', '9pnet_virtio', '9p', 'overlay']

/** What runs on a machine, and how it ended. */
export interface Job {
  readonly kernel: KernelFiles
  /** The checkout, in whose `dist` files of this run are kept. */
  readonly root: string
  readonly processors: number
  /** A shell script with the name of the folder that both sides see: what it writes there stays. */
  readonly script: (shared: string) => string
  /** Seconds after which the machine is switched off. */
  readonly limit: number
  /** Reads the results out of the folder that both sides saw. */
  readonly read: (shared: string, console: string) => string
}

/**
 * Runs a shell script as root on another kernel, in a virtual machine that has this machine's files, below a layer in memory
 * that takes what is written. It has no network but its own loopback interface.
 *
 * @returns what `read` made of the results
 */
export async function runOnMachine(job: Job): Promise<string> {
  const { kernel, root, script, read } = job
  const folder = makeRunFolder(root)
  try {
    const initial = join(folder, 'initrd')
    writeFileSync(initial, initialFiles(kernel, folder, `${prepare(kernel, folder)}\n${script(folder)}\n`))
    const limit = ['timeout', '--kill-after=5', String(job.limit)]
    const shares = ['-virtfs', share('host', '/', ',readonly=on'), '-virtfs', share('shared', folder)]
    const command = [...limit, ...machineCommand(job, initial, MEMORY_MIB), ...shares]
    const console = await outputOfGroup(['sh', '-c', 'exec "$@" 2>&1', 'sh', ...command], {
      cwd: '/',
      env: process.env,
    })
    return read(folder, printable(console))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The text of a file; empty when the file is missing. */
export function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function initialFiles(kernel: KernelFiles, folder: string, start: string): Buffer {
  const init = join(folder, 'init')
  output('cc', ['-static', '-O1', '-o', init, join(workspaceRoot(), 'tools/kernels/init.c')])
  const modules = moduleFiles(kernel, bootModules).map(
    (file, index): ArchiveEntry => ({
      path: `modules/${String(index).padStart(2, '0')}-${basename(file)}`,
      content: readFileSync(file),
    }),
  )
  return archive([
    { path: 'init', content: readFileSync(init) },
    { path: 'start', content: Buffer.from(start) },
    { path: 'modules' },
    ...modules,
  ])
}

/** Everything that a machine has besides its files. */
function prepare({ base }: KernelFiles, shared: string): string {
  const share = `trans=virtio,version=9p2000.L,msize=524288,cache=none`
  return `
    mount -t proc proc /proc
    mount -t sysfs sys /sys
    mount -t devtmpfs dev /dev
    mkdir -p /dev/pts /dev/shm /lib/modules
    mount -t devpts pts /dev/pts
    mount -t tmpfs shm /dev/shm
    mount -t cgroup2 cgroup /sys/fs/cgroup
    mount --bind ${quoted(join(base, 'lib/modules'))} /lib/modules
    mount -t 9p -o ${share} shared ${quoted(shared)}
    export PATH=${quoted(process.env['PATH'] ?? '')} HOME=/ TERM=dumb
    ip link set lo up
    modprobe ipv6 || true`
}

/** The command line that starts a virtual machine with a kernel; its console is standard input and output. */
export function machineCommand(
  { kernel, processors }: Pick<Job, 'kernel' | 'processors'>,
  initial: string,
  memoryMib: number,
): string[] {
  const { emulator, machine, kernelArguments: own } = architectures[kernel.architecture]
  return [
    ...[emulator, ...machine, '-nodefaults', '-no-reboot', '-nographic', '-accel', 'tcg,thread=multi'],
    ...['-m', String(memoryMib), '-smp', String(processors)],
    ...['-kernel', kernel.image, '-initrd', initial, '-append', [...own, ...kernelArguments].join(' ')],
    ...['-serial', 'stdio'],
  ]
}

function share(tag: string, path: string, more = ''): string {
  return `local,path=${path.replaceAll(',', ',,')},mount_tag=${tag},security_model=none,multidevs=remap${more}`
}

export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** What a machine printed, without what only a terminal understands. */
function printable(text: string): string {
  const terminal = new RegExp(`${String.fromCharCode(27)}(?:c|\\[[?0-9;]*[A-Za-z])|\\r`, 'g')
  return text.replace(terminal, '').trim()
}
