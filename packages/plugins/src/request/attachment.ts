/** An interface of a container in a network. A request is one. */
export interface Attachment {
  /** The network. */
  readonly name: string
  readonly containerId: string
  readonly ifName: string
}
