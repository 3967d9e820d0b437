import { parsePrevResult, type Request } from '@patchbay/cni/plugin'
import { plugins } from '../programs.ts'

/** Puts back the rules of one attachment, for a request as ADD gets it, with the result; names what it has put back. */
export type Repairer = (request: Request) => Promise<readonly string[]>

/** The plugins that make rules. What a chained one does on ADD can be done again: it replaces what is there. */
const repairers: Readonly<Record<string, Repairer>> = {
  bridge: async (request) => (await import('@patchbay/plugins/bridge')).repair(request),
  ptp: async (request) => (await import('@patchbay/plugins/ptp')).repair(request),
  veth: async (request) => (await import('@patchbay/plugins/ptp')).repair(request),
  firewall: (request) => addAgain('firewall', request),
  portmap: (request) => addAgain('portmap', request),
}

/** @returns `undefined` for a plugin that makes no rules, or is not ours */
export function repairerOf(type: string): Repairer | undefined {
  return Object.hasOwn(repairers, type) ? repairers[type] : undefined
}

async function addAgain(type: string, request: Request): Promise<string[]> {
  if (!parsePrevResult(request.config)) throw new Error('Required prevResult missing')
  const plugin = await plugins[type]?.()
  await plugin?.add?.(request)
  return [type]
}
