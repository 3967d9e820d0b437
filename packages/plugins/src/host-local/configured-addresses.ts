import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'

/** The addresses of the request's interface; none where there is no such namespace or interface, or it cannot be seen. */
export async function configuredAddresses({ netns, ifName }: Pick<Request, 'netns' | 'ifName'>): Promise<IP[]> {
  const [{ openHost }, { dumpAddresses, findLink }] = await Promise.all([
    import('../hosts.ts'),
    import('@patchbay/linux/route'),
  ])
  try {
    using container = openHost(netns)
    const link = await findLink(container.route, ifName)
    const addresses = link ? await dumpAddresses(container.route, { index: link.index }) : []
    return addresses.map(({ address }) => address.address)
  } catch {
    return []
  }
}
