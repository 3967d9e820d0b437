import { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { findLink, IFF, type Link } from '@patchbay/linux/route'
import { requirePrevResult } from '../../link/check-interface.ts'
import { openNetns } from '../../link/net-context.ts'
import { checkError, remedies } from '../../request/check-error.ts'
import { type LinkTuning, loadTuningConfig } from './config.ts'
import { isSet } from './link-tuning.ts'
import { checkSysctls, netSysctls } from './sysctls.ts'

/** Checks that sysctls and the interface are as the configuration says. */
export async function check(request: Request): Promise<void> {
  const { sysctls, link: tuning } = loadTuningConfig(request)
  requirePrevResult(request)
  using container = openNetns(request, request.netns)
  checkSysctls(container, netSysctls(sysctls, request.ifName))
  const link = await findLink(container.route, request.ifName)
  if (!link) throw new Error(`Cannot find container link ${request.ifName}`)
  checkTuning(request.ifName, link, tuning)
}

function checkTuning(name: string, link: Link, { mac, promisc, mtu, allmulti, txQLen }: LinkTuning): void {
  const address = String(link.address ?? '')
  if (mac && !isSame(mac.text, address)) throw differs(`Ethernet of ${name}`, mac.text, address)
  const isPromiscuous = isSet(link, IFF.PROMISC)
  if (promisc && !isPromiscuous)
    throw checkError(`Error: Tuning link ${name} configured promisc is true, current value is 0`, remedies.setBack)
  if (mtu !== undefined && link.mtu !== mtu) throw differs(`MTU of ${name}`, mtu, link.mtu)
  const hearsAll = isSet(link, IFF.ALLMULTI)
  if (allmulti !== undefined && hearsAll !== allmulti)
    throw differs(`all-multicast mode of ${name}`, allmulti, hearsAll)
  if (txQLen !== undefined && link.txqlen !== txQLen)
    throw differs(`Transmit Queue Length of ${name}`, txQLen, link.txqlen)
}

function isSame(asked: string, found: string): boolean {
  try {
    return String(MAC.parse(asked)) === found
  } catch {
    return false
  }
}

function differs(what: string, configured: unknown, current: unknown): Error {
  return checkError(`Error: Tuning configured ${what} is ${configured}, current value is ${current}`, remedies.setBack)
}
