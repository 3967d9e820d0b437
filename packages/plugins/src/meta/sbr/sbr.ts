import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import {
  addRoute,
  findLink,
  type LinkSummary,
  linkSummary,
  listAddresses,
  listRoutes,
  RT_SCOPE,
} from '@patchbay/linux/route'
import { lockFile } from '@patchbay/linux/sys'
import { type OpenNetns, openNetns, openNetnsIfThere } from '../../link/net-context.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { loadSbrConfig, type SbrConfig, type SourceAddress, sourceAddresses } from './config.ts'
import { addWayOut, emptyMain, fillTable, movableRoutes, routesOf, sourceHint } from './routes.ts'
import { SourceRules } from './rules.ts'

/** Has what the container sends from the interface's addresses leave by that interface. */
export async function add(request: Request): Promise<Result> {
  const config = loadSbrConfig(request)
  const { prevResult, table } = config
  if (!prevResult) throw new Error('This plugin must be called as chained plugin')
  using container = openNetns(request, request.netns)
  const link = prevResult.ips?.length ? await linkOf(request, container) : undefined
  const sources = sourceAddresses(prevResult, request, config)
  if (!link || sources.length === 0) throw new Error(`No IP addresses supplied on interface: ${request.ifName}`)
  // Of two that choose a table at the same time, each would take the other's.
  using _ = await lockFile(request.netns, { readOnly: true, signal: request.signal })
  await using undo = new UndoStack(request.warn)
  const rules = await SourceRules.read(container)
  const adding = { container, rules, undo }
  if (table === undefined) await addTables(adding, link, { config, sources })
  else for (const { address } of sources) if (!rules.tableOf(address, table)) await rules.add(address, table, undo)
  undo.keep()
  return prevResult
}

interface Adding {
  readonly container: OpenNetns
  readonly rules: SourceRules
  readonly undo: UndoStack
}

/** @throws Error naming the interface */
export async function linkOf({ ifName }: Request, { route }: OpenNetns): Promise<LinkSummary> {
  const link = await findLink(route, ifName, { as: linkSummary })
  if (!link) throw new Error(`Cannot find network interface ${ifName}: Link not found`)
  return link
}

/** Gives each address a table of its own, with the interface's routes, which leave the main table. */
async function addTables(
  { container, rules, undo }: Adding,
  { index }: LinkSummary,
  { config, sources }: { readonly config: SbrConfig; readonly sources: readonly SourceAddress[] },
): Promise<void> {
  const moved = await movableRoutes(container, index, sources)
  for (const source of sources) {
    // An ADD before this one has chosen.
    const chosen = rules.tableOf(source.address)
    const table = chosen ?? (await rules.freeTable())
    const routes = routesOf(source, moved)
    await fillTable(container, routes, { table, undo })
    const present = chosen === undefined ? routes : await listRoutes(container.route, { table, oif: index })
    await addWayOut(container, index, source, { table, undo, present })
    if (chosen === undefined) await rules.add(source.address, table, undo)
  }
  if (config.addSourceHints)
    for (const source of sources) await addRoute(container.route, sourceHint(source, index), 'replace')
  const leaving = config.addSourceHints ? moved.filter(({ scope }) => scope !== RT_SCOPE.LINK) : moved
  await emptyMain(container, leaving, undo)
}

/**
 * Deletes the rules of the interface's addresses. An interface or a namespace that is gone is fine. The tables end with the
 * interface.
 */
export async function del(request: Request): Promise<void> {
  const config = loadSbrConfig(request)
  using container = openNetnsIfThere(request, request.netns)
  if (container === undefined) return
  const link = await findLink(container.route, request.ifName, { as: linkSummary })
  const present = link === undefined ? [] : await listAddresses(container.route, { index: link.index })
  const told = config.prevResult === undefined ? [] : sourceAddresses(config.prevResult, request, config)
  const addresses = [...present, ...told].map(({ address }) => address)
  if (addresses.length > 0) await (await SourceRules.read(container)).delete(addresses, config.table)
}
