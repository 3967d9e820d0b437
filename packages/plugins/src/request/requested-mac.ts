import { MAC } from '@patchbay/address'
import { loadArgs } from '@patchbay/cni/plugin'
import { messageOf } from './error-message.ts'

/** The ways a hardware address can be asked for beside the plugin's own keys. */
export interface MacSources {
  runtimeConfig?: { mac?: string } | undefined
  args?: { cni?: { mac?: string } } | undefined
}

/** A hardware address that was asked for. It is text, not yet looked at: a bad one must not keep DEL from cleaning up. */
export interface RequestedMac {
  text: string
  /** Where it stands, for errors: `key "runtimeConfig.mac"`. */
  where: string
}

/**
 * The hardware address that was asked for: by `runtimeConfig.mac`, else `args.cni.mac`, else `MAC` in CNI_ARGS.
 *
 * @throws SyntaxError for what is wrong with CNI_ARGS
 */
export function requestedMac(args: string, sources: MacSources): RequestedMac | undefined {
  const fromEnvironment = loadArgs(args, { MAC: (text) => text }).MAC
  return (
    macAt('key "runtimeConfig.mac"', sources.runtimeConfig?.mac) ??
    macAt('key "args.cni.mac"', sources.args?.cni?.mac) ??
    macAt('"MAC" in CNI_ARGS', fromEnvironment)
  )
}

/** None where there is no text, or an empty one. */
export function macAt(where: string, text: string | undefined): RequestedMac | undefined {
  return text ? { text, where } : undefined
}

/**
 * Reads a hardware address that was asked for.
 *
 * @param problem makes the message of the reason
 * @throws SyntaxError with that message, whose cause names the place, when the text is no hardware address
 */
export function parseRequestedMac(mac: RequestedMac | undefined, problem: (reason: string) => string): MAC | undefined {
  try {
    return mac && MAC.parse(mac.text)
  } catch (cause) {
    const where = new SyntaxError(`Cannot read ${mac?.where}`, { cause })
    throw new SyntaxError(problem(messageOf(cause)), { cause: where })
  }
}
