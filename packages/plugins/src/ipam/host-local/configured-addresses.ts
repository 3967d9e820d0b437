import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'

/**
 * The addresses that an attachment has at present: those of its interface in the namespace of the request, and in the
 * namespace that its leases were made for.
 *
 * @param noted path of the latter; without it, the namespaces that runtimes have cached for the attachment are used
 */
export async function configuredAddresses(
  request: Pick<Request, 'name' | 'containerId' | 'netns' | 'ifName' | 'shared'>,
  noted: string | undefined,
): Promise<IP[]> {
  const paths = new Set([request.netns, ...(noted === undefined ? await rememberedNamespaces(request) : [noted])])
  const addresses = await Promise.all([...paths].map((path) => addressesIn(request, path)))
  return addresses.flat()
}

/** None if the namespace or the interface is missing or cannot be read. */
async function addressesIn({ shared, ifName }: Pick<Request, 'shared' | 'ifName'>, netns: string): Promise<IP[]> {
  const [{ openNetns }, { listAddresses, findLink }] = await Promise.all([
    import('../../link/net-context.ts'),
    import('@patchbay/linux/route'),
  ])
  try {
    using container = openNetns({ shared }, netns)
    const link = await findLink(container.route, ifName)
    const addresses = link ? await listAddresses(container.route, { index: link.index }) : []
    return addresses.map(({ address }) => address.address)
  } catch {
    return []
  }
}

async function rememberedNamespaces({
  name,
  containerId,
  ifName,
}: Pick<Request, 'name' | 'containerId' | 'ifName'>): Promise<string[]> {
  const { Cni } = await import('@patchbay/cni/runtime')
  try {
    const attachments = await new Cni({ path: [] }).getCachedAttachments(containerId)
    return attachments
      .filter((each) => each.network === name && each.containerId === containerId && each.ifName === ifName)
      .map(({ netns }) => netns)
  } catch {
    // An unreadable cache names no namespace.
    return []
  }
}
