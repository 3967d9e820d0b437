import { isNetlinkError } from '@patchbay/linux/netlink'
import { Namespace, NamespaceNotFoundError } from '@patchbay/linux/netns'
import { deleteLinkAnnounced } from '@patchbay/linux/route'
import { linkDeletion } from '@patchbay/linux/sys'

/**
 * Deletes a container's interface, as far as anyone can see. A namespace or an interface that is gone is fine.
 *
 * @throws NotANamespaceError when `netns` is another kind of file
 */
export async function deleteContainerLink(netns: string, ifName: string): Promise<void> {
  if (netns === '') return
  try {
    using namespace = Namespace.open(netns)
    await (linkDeletion() ?? deleteLinkAnnounced)(namespace, ifName)
  } catch (error) {
    if (error instanceof NamespaceNotFoundError || isNetlinkError(error, 'ENODEV')) return
    throw error
  }
}
