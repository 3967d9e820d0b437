import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { findLink, type Link } from '@patchbay/linux/route'
import { type OpenNetns, openNetns, openNetnsIfThere } from '../../link/net-context.ts'
import { chainedResult } from '../../request/chained-result.ts'
import { messageOf } from '../../request/error-message.ts'
import { isShortage } from '../../request/shortage.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { validAttachmentsOf } from '../../request/valid-attachments.ts'
import { checkAllowed } from './allow-list.ts'
import { Backups, type StoredBackup } from './backup.ts'
import { type LinkTuning, loadTuningConfig, parseMac } from './config.ts'
import { backupOf, restore, tune } from './link-tuning.ts'
import { netSysctls, setSysctls } from './sysctls.ts'

/** Sets sysctls of the container's network, and what is asked for of its interface. */
export async function add(request: Request): Promise<Result> {
  const { sysctls, link: tuning, dataDir } = loadTuningConfig(request)
  checkAllowed(sysctls.map(([key]) => key))
  const result = chainedResult(request)
  if (!result) throw new Error('Required prevResult missing')
  const wanted = netSysctls(sysctls, request.ifName)
  parseMac(tuning.mac)
  using container = openNetns(request, request.netns)
  await using undo = new UndoStack(request.warn)
  setSysctls(container, wanted, undo)
  if (Object.keys(tuning).length > 0)
    await tuneLink(request, { container, tuning, undo, backups: new Backups(dataDir) })
  undo.keep()
  return withMac(result, request.ifName, tuning)
}

interface Tuning {
  readonly container: OpenNetns
  readonly tuning: LinkTuning
  readonly undo: UndoStack
  readonly backups: Backups
}

async function tuneLink(request: Request, { container, tuning, undo, backups }: Tuning): Promise<void> {
  const link = await findLink(container.route, request.ifName)
  if (!link) throw new Error(`failed to get "${request.ifName}": Link not found`)
  const now = backupOf(link, tuning)
  const earlier = earlierBackup(backups.read(request), link)
  // What an ADD before this one has changed was saved by that one.
  backups.write(request, { ...now, ...earlier, ifIndex: link.index })
  undo.push('backup', () => (earlier ? backups.write(request, earlier) : backups.remove(request)))
  const own = { index: link.index, ifName: request.ifName }
  undo.push(`settings of link "${request.ifName}"`, () => restore(container, own, now))
  await tune(container, own, tuning)
}

/** The backup of an ADD before this one. A container that has got a new interface since has left another's behind. */
function earlierBackup(found: StoredBackup | undefined, link: Link): StoredBackup | undefined {
  return (found?.ifIndex ?? link.index) === link.index ? found : undefined
}

/** The result says the address that was asked for, as it was written. */
function withMac(result: Result, ifName: string, { mac }: LinkTuning): Result {
  if (mac === undefined || result.interfaces === undefined) return result
  return {
    ...result,
    interfaces: result.interfaces.map((each) => (each.name === ifName ? { ...each, mac: mac.text } : each)),
  }
}

/**
 * Sets the interface back to what it was before. An interface or a namespace that is gone is fine, and so is a missing backup.
 * Sysctls stay: another interface of the container may need them.
 */
export async function del(request: Request): Promise<void> {
  const backups = new Backups(loadTuningConfig(request).dataDir)
  const backup = backups.read(request)
  if (backup === undefined) return
  try {
    await restoreLink(request, backup)
  } catch (error) {
    // The runtime calls DEL again. What the kernel refuses now, it would refuse then, and the interface is about to go.
    if (isShortage(error)) throw error
    request.warn(`Cannot restore "${request.ifName}" of container "${request.containerId}": ${messageOf(error)}`)
  }
  backups.remove(request)
}

async function restoreLink(request: Request, backup: StoredBackup): Promise<void> {
  using container = openNetnsIfThere(request, request.netns)
  const link = container && (await findLink(container.route, request.ifName))
  if (container && link && (backup.ifIndex ?? link.index) === link.index)
    await restore(container, { index: link.index, ifName: request.ifName }, backup)
}

/** Removes the backups of interfaces of this network that are gone. */
export function gc(request: Request): Promise<void> {
  const alive = validAttachmentsOf(request)
  if (alive !== undefined) new Backups(loadTuningConfig(request).dataDir).collect(request.name, alive)
  return Promise.resolve()
}
