import type { Request } from '@patchbay/cni/plugin'
import type { Interface, Result } from '@patchbay/cni/types'
import { openNetns } from '../../link/net-context.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { validAttachmentsOf } from '../../request/valid-attachments.ts'
import { loadBandwidthConfig } from './config.ts'
import { findHostEnd } from './host-end.ts'
import { collectIfbs, deleteIfb, makeIfb } from './ifb.ts'
import { limitSending, redirectReceived } from './shaping.ts'

/** Limits how quickly the container receives and sends. */
export async function add(request: Request): Promise<Result> {
  const { ingress, egress, prevResult } = loadBandwidthConfig(request)
  if (!prevResult) throw new Error('must be called as chained plugin')
  if (!ingress && !egress) return prevResult
  using host = openNetns(request, request.hostNetns)
  const hostEnd = await findHostEnd(host, request, prevResult)
  await using undo = new UndoStack(request.warn)
  if (ingress) await limitSending(host, hostEnd, { limit: ingress, undo })
  const more: Interface[] = []
  if (egress) {
    const ifb = await makeIfb(host, request, { mtu: hostEnd.mtu, undo })
    await limitSending(host, ifb, { limit: egress, undo })
    await redirectReceived(host, hostEnd, { to: ifb.index, undo })
    more.push({ name: ifb.ifname ?? '', mac: String(ifb.address) })
  }
  undo.keep()
  return { ...prevResult, interfaces: [...(prevResult.interfaces ?? []), ...more] }
}

/** Deletes the device by which the container's packets pass. What else there is ends with the interface. */
export async function del(request: Request): Promise<void> {
  loadBandwidthConfig(request)
  using host = openNetns(request, request.hostNetns)
  await deleteIfb(host, request)
}

/** Deletes the devices of this network's containers that are gone. */
export async function gc(request: Request): Promise<void> {
  const alive = validAttachmentsOf(request)
  if (alive === undefined) return
  using host = openNetns(request, request.hostNetns)
  await collectIfbs(host, request.name, alive)
}
