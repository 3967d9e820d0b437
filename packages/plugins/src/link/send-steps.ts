import { isNetlinkError, NetlinkError, type NetlinkRequest } from '@patchbay/linux/netlink'
import { messageOf } from '../request/error-message.ts'
import type { OpenNetns } from './net-context.ts'

/** One request to the kernel, and what it is for. */
export interface KernelStep {
  /** For the error: `set "eth0" UP`. */
  what: () => string
  request: NetlinkRequest
  /** Makes the cause to tell when the kernel refuses it: `error`, or one that says more and has it for a cause. */
  explain?: (error: unknown) => unknown
}

/**
 * Sends the steps in one batch. A step that is refused does not stop those after it: the caller takes back the link that they
 * were about.
 *
 * @param options.mayExist what is there already is fine
 * @throws Error `failed to set "eth0" UP: ...` for the first step that was refused
 */
export async function sendSteps(
  host: OpenNetns,
  steps: readonly KernelStep[],
  options: { mayExist?: boolean } = {},
): Promise<void> {
  try {
    await host.route.request(steps.map(({ request }) => request))
  } catch (error) {
    const position = error instanceof NetlinkError ? error.position : -1
    const step = steps[position]
    if (!step) throw error
    // Only the first refusal is known. Those after it have been carried out, or will be refused again.
    if (options.mayExist && isNetlinkError(error, 'EEXIST')) return sendSteps(host, steps.slice(position + 1), options)
    const cause = step.explain?.(error) ?? error
    throw new Error(`failed to ${step.what()}: ${messageOf(error)}`, { cause })
  }
}
