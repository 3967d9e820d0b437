/** The daemon's end of a connection, over whichever sockets the runtime has. */
export interface Channel {
  /** The socket's descriptor; negative once it is closed. */
  readonly fd: number
  /** Bytes that the other side has made no room for yet. */
  readonly unsent: number
  write(bytes: Uint8Array): void
  /** Closes as soon as everything is sent. */
  close(): void
  /** Says that nothing follows; the other side may go on sending, until it closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

/** Who is behind a channel. */
export interface ChannelUser {
  receive(piece: Buffer): void
  /** Comes once: after this nothing is received, and what is written is lost. */
  onClose(): void
}

/** Where to accept connections: at a path in the file system, or on a socket that listens already. */
export type ListenAddress = { readonly path: string } | { readonly fd: number }

/** Accepts connections. One whose other side ends sends nothing more and reads nothing more: it is closed. */
export interface ChannelServer {
  /** Rejects when it cannot listen. */
  listen(address: ListenAddress): Promise<void>
  /** Accepts no more; what is connected stays. */
  close(): void
}

/** Gives each channel its user. */
export type Accept = (channel: Channel) => ChannelUser
