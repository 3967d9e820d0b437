import { hostLocalPlugin } from './host-local/descriptor.ts'
import { staticPlugin } from './static/descriptor.ts'

/** The plugins that give out addresses, a line for each. */
export const ipamPlugins = [hostLocalPlugin, staticPlugin] as const

const withoutInterface = new Set<string>(
  ipamPlugins.filter(({ needsInterface }) => needsInterface === false).flatMap(({ names }) => names),
)

/** Whether the IPAM plugin of a type needs the container's interface when it is called; one that is not ours may. */
export function mayNeedInterface(type: string): boolean {
  return !withoutInterface.has(type)
}
