import type { CallSite, Deed, ErrorName } from './tracer.ts'

/** What a plugin does not ask for itself: memory, threads and its end. No kernel lets these fail, or the runtime has to end. */
const exempt =
  /^(?:brk|munmap|mprotect|exit|exit_group|rt_sig\w+|set_\w+|arch_prctl|rseq|prlimit64|futex|madvise|getpid|gettid)$/

/** By what each kind of call fails in life. */
const errors: readonly (readonly [RegExp, readonly ErrorName[]])[] = [
  [/^open(?:at)?$/, ['EMFILE', 'ENOSPC', 'EIO', 'EINTR', 'ENOMEM']],
  [/^(?:socket|socketpair|pipe2|eventfd2)$/, ['EMFILE', 'ENOBUFS', 'ENOMEM']],
  [/^(?:sendto|sendmsg|recvfrom|recvmsg|setsockopt|connect)$/, ['ENOBUFS', 'ENOMEM', 'EINTR']],
  [/^read$/, ['EIO', 'EINTR']],
  [/^(?:write|pwrite64|fsync|fdatasync|ftruncate)$/, ['EIO', 'ENOSPC', 'EINTR']],
  [/^close$/, ['EIO', 'EINTR']],
  [/^(?:wait4|waitid)$/, ['EINTR']],
  [/^(?:flock|ppoll|poll)$/, ['EINTR', 'ENOMEM']],
  [/^(?:clone3?|fork|vfork|execve)$/, ['EAGAIN', 'ENOMEM']],
  [/^mmap$/, ['ENOMEM']],
  [/./, ['EIO', 'ENOSPC', 'ENOMEM']],
]

/** What only file systems on disks say. */
const ofDisks: readonly ErrorName[] = ['EIO', 'ENOSPC']

/** A lease that a damaged disk does not give back is nobody's, as with the reference. */
const leaseRead = /^(?:open|openat|read|statx) .*\/networks\/net\/[\da-f]+[.:][\da-f.:]+[ >]/

/** Whether a plugin passes over the error, because it is the lease that is at fault. */
export function isPassedOver({ call, about }: CallSite, what: Deed): boolean {
  return 'error' in what && ofDisks.includes(what.error) && leaseRead.test(`${call} ${about}`)
}

/** How a call can be made to fail. */
export function errorsOf(site: CallSite): Deed[] {
  const { call, about } = site
  if (exempt.test(call) || about.includes('anon_inode:[eventfd]')) return []
  const names = errors.find(([calls]) => calls.test(call))?.[1] ?? []
  const isOnDisk = /[ <]\/(?!proc|sys)/.test(about)
  const real = names.filter((name) => isOnDisk || !ofDisks.includes(name))
  // A descriptor is closed whatever close(2) answers.
  const deeds = real.map((error): Deed => ({ deed: call === 'close' ? 'fail-after' : 'fail', error }))
  return deeds.filter((what) => !isPassedOver(site, what))
}
