import { readFileSync } from 'node:fs'

/** What the kernel lets a process do: proc_pid_status(5), proc_pid_attr(5). */
export interface Privileges {
  /** Capabilities that it has. */
  readonly effective: bigint
  /** Capabilities that the programs it starts can have. */
  readonly bounding: bigint
  /** Programs that it starts get no more than it has: prctl(2) PR_SET_NO_NEW_PRIVS. */
  readonly noNewPrivileges: boolean
  /** A filter refuses it system calls: seccomp(2). */
  readonly isFiltered: boolean
  /** The label that a security module (AppArmor, SELinux) knows it by; empty when none does. */
  readonly label: string
}

/**
 * What the process `pid` may do.
 *
 * @throws Error when it is gone
 */
export function privilegesOf(pid: number, { withLabel = true } = {}): Privileges {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const field = (name: string) => new RegExp(`^${name}:\t(\\w+)$`, 'm').exec(status)?.[1] ?? '0'
  return {
    effective: BigInt(`0x${field('CapEff')}`),
    bounding: BigInt(`0x${field('CapBnd')}`),
    noNewPrivileges: field('NoNewPrivs') !== '0',
    isFiltered: field('Seccomp') !== '0',
    label: withLabel ? labelOf(pid) : '',
  }
}

function labelOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/attr/current`, 'utf8').replace(/[\0\n]+$/, '')
  } catch (error) {
    // The kernel's answer without a module that labels processes.
    if (error instanceof Error && 'code' in error && (error.code === 'EINVAL' || error.code === 'ENOENT')) return ''
    throw error
  }
}

/** AppArmor's labels of processes that it lets do everything. */
const unconfined = /^unconfined$| \(unconfined\)$/

/**
 * Whether a process with `theirs` could do all that one with `ours` does in its place. Two filters cannot be compared, nor
 * two labels: a caller with a filter, or another label, counts as one that may do less.
 *
 * @returns why the daemon does not serve it: the shim does the call with what the caller has then
 */
export function checkPrivileges(theirs: Privileges, ours: Privileges): string | undefined {
  if ((ours.effective & ~theirs.effective) !== 0n || (ours.bounding & ~theirs.bounding) !== 0n)
    return 'the caller has fewer capabilities'
  if (theirs.noNewPrivileges && !ours.noNewPrivileges) return 'the caller may not gain privileges (no_new_privs)'
  if (theirs.isFiltered) return 'a filter refuses the caller system calls (seccomp)'
  if (theirs.label !== ours.label && !unconfined.test(theirs.label))
    return `the caller has another security label, "${theirs.label}"`
  return undefined
}
