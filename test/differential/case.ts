import type { JsonObject } from '../lab/witness.ts'

export const commands = ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS', 'VERSION'] as const
export type Command = (typeof commands)[number]

/** An attachment that steps are about. */
export interface Attachment {
  readonly container: 'c1' | 'c2'
  readonly ifName: string
}

/** One call of a plugin. */
export interface Step extends Attachment {
  readonly command: Command
  /** Whether the call has the result of the last ADD, as a runtime hands it on. */
  readonly withResult: boolean
  /** Whether everything is looked at after the call. */
  readonly look: boolean
  /** Whose plugin is called on the machine on which both implementations work. */
  readonly swappedTo: 'patchbay' | 'reference'
}

/** What is called on machines that are the same. */
export interface Case {
  readonly config: JsonObject
  /** `CNI_ARGS` */
  readonly args?: string
  /** What the host has before, as a shell script. */
  readonly host: string
  /** The results that a plugin in a chain is handed, where it is in one. */
  readonly previous?: Readonly<Record<Attachment['container'], JsonObject>>
  readonly steps: readonly Step[]
}
