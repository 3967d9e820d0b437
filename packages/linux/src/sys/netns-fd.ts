/**
 * The descriptor by which native functions know a namespace: -1 for the one that this process is in, which spares them
 * entering it.
 */
export function netnsFd(netns: { readonly fd: number; readonly isCurrent?: boolean | undefined } | undefined): number {
  return netns === undefined || netns.isCurrent ? -1 : netns.fd
}
