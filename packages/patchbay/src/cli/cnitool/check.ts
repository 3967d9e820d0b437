import { isCniError } from '@patchbay/cni/types'
import type { TargetAttachment } from './call.ts'

/**
 * Checks an attachment.
 *
 * @throws Error that says what to do, when a plugin fails because there is no attachment to check
 */
export async function check({ cni, list, rt }: TargetAttachment): Promise<void> {
  try {
    await cni.checkNetworkList(list, rt)
  } catch (cause) {
    if (!isCniError(cause) || (await cni.getNetworkListCachedResult(list, rt))) throw cause
    const what = `interface "${rt.ifName}" of "${rt.netns}"`
    const remedy = `attach it by "cnitool add ${list.name} ${rt.netns}", or name the cache that knows it by --cache-dir`
    throw new Error(`Cannot check ${what}: it is not attached to network "${list.name}"; ${remedy}`, { cause })
  }
}
