const again = 'attach the container again: DEL, then ADD'

/** What helps when an attachment is not as its ADD left it. */
export const remedies = {
  again,
  setBack: `set it back, or ${again}`,
  /** For what a container has of its own in packet filters, which can be put back while it runs. */
  repair: `run "patchbay repair", or ${again}`,
  /** For what all containers share there: an ADD does not look whether it is there. */
  repairShared: 'run "patchbay repair"',
} as const

/**
 * What CHECK throws.
 *
 * @param message what is not as it was, and where
 * @param remedy what to do, and before it what the message does not say
 */
export function checkError(message: string, remedy: string = remedies.again): Error {
  return new Error(message, { cause: new Error(remedy) })
}
