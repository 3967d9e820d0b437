import type { Request } from '@patchbay/cni/plugin'
import { listMountedNamespaces } from '@patchbay/linux/netns'
import { listAddresses } from '@patchbay/linux/route'
import { openNetnsIfThere } from '../../link/net-context.ts'
import { runAll } from '../../request/run-all.ts'
import { validAttachmentsOf } from '../../request/valid-attachments.ts'
import { SourceRules } from './rules.ts'

/**
 * Deletes the rules in mounted namespaces whose address no interface has: those of interfaces that are gone. A rule says nothing
 * of its network, and nobody needs such a one.
 */
export async function gc(request: Request): Promise<void> {
  if (validAttachmentsOf(request) === undefined) return
  await runAll(...listMountedNamespaces().map((path) => () => collectIn(request, path)))
}

async function collectIn(request: Request, path: string): Promise<void> {
  using container = openNetnsIfThere(request, path)
  if (container === undefined) return
  const present = await listAddresses(container.route)
  await (await SourceRules.read(container)).deleteUnused(present.map(({ address }) => address))
}
