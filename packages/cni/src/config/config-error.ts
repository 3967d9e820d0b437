import { JsonError } from '../json/index.ts'

/** Directory has configurations, but none of the network that was asked for among those that could be loaded. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
  readonly directory: string
  readonly network: string
  /** Errors of the files that could not be loaded; each names its file. */
  readonly unreadable: readonly Error[]

  constructor(directory: string, network: string, unreadable: readonly Error[] = []) {
    const reasons = unreadable.map(({ message }) => `; ${message}`).join('')
    super(`no net configuration with name "${network}" in ${directory}${reasons}`)
    this.directory = directory
    this.network = network
    this.unreadable = unreadable
  }
}

/** Directory has no configuration at all, or does not exist. */
export class NoConfigsFoundError extends Error {
  override readonly name = 'NoConfigsFoundError'
  readonly directory: string

  constructor(directory: string) {
    super(`no net configurations found in ${directory}`)
    this.directory = directory
  }
}

/** Text that is JSON but no configuration, or no JSON; the cause says where it comes from. */
export function configError(message: string, cause?: unknown): JsonError {
  const text = cause instanceof Error ? `${message}: ${cause.message}` : message
  return new JsonError(text, cause === undefined ? {} : { cause })
}
