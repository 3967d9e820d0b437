import type { Request } from '@patchbay/cni/plugin'
import { checkUp } from '../../link/check-interface.ts'
import { openNetns } from '../../link/net-context.ts'
import { checkError } from '../../request/check-error.ts'
import { loadBandwidthConfig } from './config.ts'
import { findHostEnd } from './host-end.ts'
import { findIfb, namesOf } from './ifb.ts'
import { checkRedirection, checkSending } from './shaping.ts'

/** Checks that the container's limits are as the configuration says. */
export async function check(request: Request): Promise<void> {
  const { ingress, egress, prevResult } = loadBandwidthConfig(request)
  if (!prevResult) throw new Error('must be called as a chained plugin')
  if (!ingress && !egress) return
  using host = openNetns(request, request.hostNetns)
  const hostEnd = await findHostEnd(host, request, prevResult)
  if (ingress) await checkSending(host, hostEnd, ingress)
  if (!egress) return
  const ifb = await findIfb(host, request)
  if (!ifb) throw checkError(`Failed to find IFB device "${namesOf(request)[0]}" of container "${request.containerId}"`)
  checkUp(ifb)
  await checkSending(host, ifb, egress)
  await checkRedirection(host, hostEnd, ifb)
}
