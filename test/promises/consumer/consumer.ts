/**
 * A program of somebody else's, for as-a-dependency.test.ts: it is compiled, bundled and run outside of the repository,
 * as an ES module and as a CommonJS module. It uses something of every package, and prints what it sees.
 */
import { CIDR, type IP, parseIP } from '@patchbay/address'
import { type NetworkList, networkListFromBytes } from '@patchbay/cni/config'
import { type Executor, execPlugin } from '@patchbay/cni/exec'
import { type Decoded, object, parseJson, string } from '@patchbay/cni/json'
import { inProcessExecutor, type Plugin, parsePrevResult } from '@patchbay/cni/plugin'
import { Cni } from '@patchbay/cni/runtime'
import { CniError, isCniError, type Result } from '@patchbay/cni/types'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { Namespace } from '@patchbay/linux/netns'
import { ping } from '@patchbay/linux/packet'
import { addAddress, addLink, openRouteSocket } from '@patchbay/linux/route'
import { errnoName, useNativeAddon } from '@patchbay/linux/sys'
import { bridge } from '@patchbay/plugins/bridge'
import { hostLocal } from '@patchbay/plugins/host-local'
import { loopback } from '@patchbay/plugins/loopback'
import { macvlan } from '@patchbay/plugins/macvlan'
import { ptp } from '@patchbay/plugins/ptp'
import { staticIpam } from '@patchbay/plugins/static'

const conf = object('Conf', { bridge: string })
type Conf = Decoded<typeof conf>
const plugins: Readonly<Record<string, Plugin>> = {
  bridge,
  loopback,
  macvlan,
  ptp,
  static: staticIpam,
  veth: { ...ptp, name: 'veth' },
}
const executor: Executor = inProcessExecutor({ ...plugins, 'host-local': hostLocal })

/** Makes a bridge with an address, twice: returns the kernel's word for the second attempt. */
async function makeBridge(netns: Namespace, { bridge: ifname = '' }: Conf): Promise<string> {
  const gateway: IP = parseIP('10.1.0.1')
  const socket = openRouteSocket({ netns })
  const linkinfo = { link: { kind: 'bridge' } } as const
  const { index } = await addLink(socket, { ifname, linkinfo })
  await addAddress(socket, { index, address: CIDR.of(gateway, 24) })
  const error: unknown = await addLink(socket, { ifname, linkinfo }).catch((error: unknown) => error)
  socket.close()
  return isNetlinkError(error, errnoName(17)) ? error.code : String(error)
}

async function attach(list: NetworkList, netns: Namespace): Promise<Result> {
  const cni = new Cni({ path: ['/nowhere'], executor, cacheDir: process.env['CACHE'] })
  return cni.addNetworkList(list, { containerId: 'c1', netns: netns.path, ifName: 'lo' })
}

/** Runs a program that is no plugin: returns what that is to a runtime. */
async function failingPlugin(): Promise<string> {
  const error: unknown = await execPlugin('/bin/false', { stdin: '', env: {} }).catch((error: unknown) => error)
  return error instanceof CniError && isCniError(error) ? error.msg : String(error)
}

export async function main(): Promise<void> {
  const addon = process.env['ADDON']
  if (addon) useNativeAddon(addon)
  const netns = Namespace.create()
  const list = networkListFromBytes('{"cniVersion":"1.1.0","name":"n","plugins":[{"type":"loopback"}]}')
  const { ips = [] } = await attach(list, netns)
  const times = await ping({ netns, to: parseIP('127.0.0.1') })
  const seen = {
    bridge: await makeBridge(netns, conf.decode(parseJson('{"BRIDGE":"br1"}'))),
    loopback: ips.map(({ address }) => String(address)),
    replies: times.length,
    failure: await failingPlugin(),
    prevResult: parsePrevResult({ cniVersion: '1.0.0' }) ?? null,
  }
  netns.close()
  console.log(JSON.stringify(seen))
}

// @ts-expect-error A text is no address: the types are there, and they are not `any`.
export const wrong: IP = '10.1.0.1'

void main()
