import { native } from './native.ts'

/** Where the kernel's work goes on after a caller has its answer. */
export type RestOfWork = 'thread' | 'child'

/** What goes with the deletion of a link. */
export interface DeletionSteps {
  /** Called with the link that was found, and waited for before the kernel is asked to delete it. Must not fail. */
  before?: ((link: { readonly link?: number | undefined }) => Promise<void>) | undefined
  /** Called when the kernel is at it, if it comes to that: then there is time for something else. */
  onAsked?: (() => void) | undefined
}

/** Deletes the link of that name in a namespace, and returns when nobody can see it any more. */
export type LinkDeletion = (netns: { readonly fd: number }, name: string, steps?: DeletionSteps) => Promise<void>

let place: RestOfWork = 'thread'
let deletion: LinkDeletion | undefined
let hasSlowEnd = false
/** What the kernel may take long over the end of, in a process that leaves that to a child. */
const openUntilEnd: number[] = []

/**
 * Has the rest of long requests done in child processes. A program that ends as soon as it has its answers calls this:
 * its own threads would keep it until the kernel is done.
 */
export function leaveRestToChildren(): void {
  place = 'child'
}

/** Says that the kernel may take long over the end of a descriptor, so that it goes to a child with that of the process. */
export function expectSlowEnd(fd: number): void {
  if (place === 'child') openUntilEnd.push(fd)
}

/** Says that the kernel will take long over the end of a descriptor that this process has. */
export function noteSlowEnd(): void {
  hasSlowEnd = true
}

/**
 * What a program of {@link leaveRestToChildren} calls last: what the kernel takes long over comes with the end of a child
 * then. When there is none to be had, with that of the program.
 */
export function endInChild(): void {
  if (hasSlowEnd) native().holdInChild(new Uint8Array(Int32Array.from(openUntilEnd).buffer))
}

/** Where this process leaves the rest of long requests; on the thread pool unless told otherwise. */
export function restOfWork(): RestOfWork {
  return place
}

/** Has links deleted by `deleteLink`. A program that deletes many at once calls this: together they cost what one does. */
export function deleteLinksBy(deleteLink: LinkDeletion): void {
  deletion = deleteLink
}

/** What this process deletes links by; `undefined` when each is deleted by itself. */
export function linkDeletion(): LinkDeletion | undefined {
  return deletion
}
