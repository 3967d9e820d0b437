import type { CIDR } from '@patchbay/address'
import { JsonError } from '@patchbay/cni/json'
import { type Plugin, parsePrevResult, type Request } from '@patchbay/cni/plugin'
import { type Interface, type IPConfig, netConf, type Result } from '@patchbay/cni/types'
import { getLink, IFF, linkSummary, listAddresses, setLink } from '@patchbay/linux/route'
import { type OpenNetns, openNetns } from '../../link/net-context.ts'
import { checkError } from '../../request/check-error.ts'
import { isMissingNetns } from '../../request/open-namespace.ts'
import { UndoStack } from '../../request/undo-stack.ts'

/** The one interface this plugin is about, whatever the runtime calls it. */
const LOOPBACK = 'lo'

/** The plugin `loopback`: sets the loopback interface of a container up. */
export const loopback: Plugin = { name: 'loopback', add, del, check }

/** Sets `lo` up. Chained, it passes on the result it was given. */
async function add(request: Request): Promise<Result> {
  checkConfig(request)
  const previous = parsePrevResult(request.config)
  using container = openNetns(request, request.netns)
  await using undo = new UndoStack(request.warn)
  const { index, flags } = await getLink(container.route, LOOPBACK, { as: linkSummary })
  if (!(flags & IFF.UP)) undo.push('set lo up', () => setDown(container))
  await setLink(container.route, LOOPBACK, { up: true })
  const addresses = (await listAddresses(container.route, { index })).map(({ address }) => address)
  const foreign = addresses.find((address) => !address.address.isLoopback)
  if (foreign) throw new Error(`loopback interface found with non-loopback address "${foreign.address}"`)
  undo.keep()
  if (previous) return previous
  const lo: Interface = { name: LOOPBACK, mac: '00:00:00:00:00:00', sandbox: request.netns }
  return { cniVersion: request.cniVersion, interfaces: [lo], ips: firstOfEachFamily(addresses) }
}

/** What every configuration may have must be of its type, though nothing of it matters here. */
function checkConfig({ config }: Request): void {
  try {
    netConf.decode(config)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new JsonError(`failed to parse network config: ${error.message}`)
  }
}

function firstOfEachFamily(addresses: readonly CIDR[]): IPConfig[] {
  return ([4, 6] as const)
    .map((version) => addresses.find(({ family }) => family === version))
    .filter((address) => address !== undefined)
    .map((address) => ({ interface: 0, address }))
}

/** Sets `lo` down. A namespace that is gone is fine. */
async function del(request: Request): Promise<void> {
  if (request.netns === '') return
  try {
    using container = openNetns(request, request.netns)
    await setDown(container)
  } catch (error) {
    if (error instanceof Error && isMissingNetns(error.cause)) return
    throw error
  }
}

async function setDown({ route }: OpenNetns): Promise<void> {
  await setLink(route, LOOPBACK, { up: false })
}

/** Checks that `lo` is up, and has the addresses of the result where that is about it. */
async function check(request: Request): Promise<void> {
  using container = openNetns(request, request.netns)
  const { flags, index } = await getLink(container.route, LOOPBACK, { as: linkSummary })
  if (!(flags & IFF.UP)) throw checkError('loopback interface is down')
  const { interfaces = [], ips = [] } = parsePrevResult(request.config) ?? {}
  const own = ips.filter((ip) => interfaces[ip.interface ?? -1]?.name === LOOPBACK)
  if (own.length === 0) return
  const present = await listAddresses(container.route, { index })
  const lost = own.find((ip) => !present.some(({ address }) => address.equals(ip.address)))
  if (lost) throw checkError(`Cannot find address ${lost.address} on interface "${LOOPBACK}": it is gone`)
}
