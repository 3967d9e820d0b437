import { type Plugin, parsePrevResult, type Request } from '@patchbay/cni/plugin'

/**
 * Puts back the rules of a chained plugin, whose ADD replaces what is there.
 *
 * @returns the plugin's name
 * @throws Error `Required prevResult missing`, and as its ADD
 */
export async function addAgain({ name, add }: Plugin, request: Request): Promise<readonly string[]> {
  if (!parsePrevResult(request.config)) throw new Error('Required prevResult missing')
  await add?.(request)
  return [name]
}
