/** A request that the kernel takes long over. Neither promise counts as unhandled when nobody waits for it. */
export interface AnnouncedRequest {
  /** Settles when the request is on its way, or has failed; never rejects. */
  readonly asked: Promise<void>
  /** Settles when the kernel announces what was asked for; rejects with a NetlinkError when it refuses. */
  readonly announced: Promise<void>
}

/** @param work sends the request, calls `onAsked`, and settles as `announced` */
export function announcedRequest(work: (onAsked: () => void) => Promise<void>): AnnouncedRequest {
  let onAsked = () => {}
  const asked = new Promise<void>((resolve) => {
    onAsked = resolve
  })
  const announced = work(onAsked)
  announced.then(onAsked, onAsked)
  return { asked, announced }
}
