/**
 * What the native functions call a namespace: its descriptor, or -1 for the one that this process is in, which costs no way
 * there and back.
 */
export function placeOf(netns: { readonly fd: number; readonly isCurrent?: boolean } | undefined): number {
  return netns === undefined || netns.isCurrent ? -1 : netns.fd
}
