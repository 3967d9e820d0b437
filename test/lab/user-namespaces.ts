import { spawnSync } from 'node:child_process'

/** Why a test that makes a user namespace cannot run here: kernels let nobody make one in a chroot. */
export const withoutUserNamespaces =
  spawnSync('unshare', ['--user', 'true']).status === 0 ? false : 'kernel lacks user namespaces'
