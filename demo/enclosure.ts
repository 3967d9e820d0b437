import { spawnSync } from 'node:child_process'
import { readlinkSync, realpathSync } from 'node:fs'
import { checked, native } from '@patchbay/linux/sys'

/** Where a file system of the demo's own lies over the machine's: names of namespaces, leases, cached results. */
const COVERED = ['/run', '/var/run']

/**
 * Runs this program again in a network and a mount namespace of its own, so that nothing that it makes is the
 * machine's and nothing can stay behind; as root of a user namespace, where it is not root already.
 *
 * @returns its exit status
 * @throws Error that says what to do, when the kernel does not allow it
 */
export function runEnclosed(script: string): number {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const unshare = [...user, '--net', '--mount', '--propagation', 'private', '--']
  const { error, status } = spawnSync('unshare', [...unshare, 'unshare', '--version'], { stdio: 'ignore' })
  if (error !== undefined || status !== 0) throw new Error(advice(error, user.length === 0))
  const program = [process.execPath, '--enable-source-maps', script, '--enclosed', identity()]
  return spawnSync('unshare', [...unshare, ...program], { stdio: 'inherit' }).status ?? 1
}

function advice(error: Error | undefined, root: boolean): string {
  const cannot = 'Cannot make a network for the demo'
  if (error !== undefined) return `${cannot}: the program "unshare" is missing; install the package util-linux`
  if (root) return `${cannot}: root may not make namespaces here; in a container, start it with --privileged`
  return `${cannot}: this user may not make namespaces here; run it as root: sudo npm run demo`
}

/** What tells the machine's namespaces from others. */
function identity(): string {
  return `${readlinkSync('/proc/self/ns/net')} ${readlinkSync('/proc/self/ns/mnt')}`
}

/**
 * Puts empty file systems over those of the machine that the demo writes to.
 *
 * @param outside what {@link runEnclosed} passed on
 * @throws Error when this process is still in the machine's namespaces, or the checkout would be covered
 */
export function cover(outside: string | undefined, checkout: string): void {
  const [net, mnt] = (outside ?? '').split(' ')
  const [ownNet, ownMnt] = identity().split(' ')
  if (!net || !mnt || net === ownNet || mnt === ownMnt)
    throw new Error('Cannot start the demo: run it as "npm run demo"')
  const places = [...new Set(COVERED.map((path) => realpathSync(path)))]
  const hidden = [checkout, process.execPath].find((path) => places.some((place) => path.startsWith(`${place}/`)))
  if (hidden !== undefined) throw new Error(`Cannot start the demo: it covers /run, where "${hidden}" is; move that`)
  for (const place of places) checked('mount', native().mount('patchbay-demo', place, 'tmpfs', 0), place)
}
