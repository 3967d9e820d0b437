import { isNetlinkError } from '@patchbay/linux/netlink'
import { Namespace, NamespaceNotFoundError } from '@patchbay/linux/netns'
import { deleteLink, openRouteSocket } from '@patchbay/linux/route'

/**
 * Deletes a container's interface. A namespace or an interface that is gone is fine.
 *
 * @throws NotANamespaceError when `netns` is another kind of file
 */
export async function deleteContainerLink(netns: string, ifName: string): Promise<void> {
  if (netns === '') return
  try {
    using namespace = Namespace.open(netns)
    using socket = openRouteSocket({ netns: namespace })
    await deleteLink(socket, ifName)
  } catch (error) {
    if (error instanceof NamespaceNotFoundError || isNetlinkError(error, 'ENODEV')) return
    throw error
  }
}
