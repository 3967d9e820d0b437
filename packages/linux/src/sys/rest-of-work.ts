/** Where the kernel's work goes on after a caller has its answer. */
export type RestOfWork = 'thread' | 'child'

let place: RestOfWork = 'thread'

/**
 * Has the rest of long requests done in child processes. A program that ends as soon as it has its answers calls this:
 * its own threads would keep it until the kernel is done.
 */
export function leaveRestToChildren(): void {
  place = 'child'
}

/** Where this process leaves the rest of long requests; on the thread pool unless told otherwise. */
export function restOfWork(): RestOfWork {
  return place
}
