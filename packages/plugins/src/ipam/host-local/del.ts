import type { Request } from '@patchbay/cni/plugin'
import { hasCode } from '../../state/file-operation.ts'
import { loadConfig } from './config.ts'
import { openDirectoryStore } from './directory-store.ts'

/** Ends all leases of the container's interface in this network; there may be none. */
export async function del(request: Request): Promise<void> {
  const { directory, keeping } = loadConfig(request)
  try {
    await using store = await openDirectoryStore(directory, { ...keeping, signal: request.signal })
    await store.releaseAll(request)
    await store.sync()
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}
