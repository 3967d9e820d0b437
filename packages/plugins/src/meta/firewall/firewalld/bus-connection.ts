import { type MethodCall, messageLength, type Reply, readReply, writeMethodCall } from './dbus-message.ts'
import { type Patience, StreamSocket } from './stream-socket.ts'

/** What the one who was called, or the bus for him, answers instead of values. */
export class DBusError extends Error {
  override readonly name = 'DBusError'
  /** `org.freedesktop.DBus.Error.NameHasNoOwner` */
  readonly code: string

  constructor(code: string, text: string) {
    super(text === '' ? code : text)
    this.code = code
  }
}

/** A bus that cannot be reached, does not let us in, or stays silent. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError'
}

/** Who the bus itself is to those on it. */
export const bus = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const

const NEWLINE = 10

/** A connection to a message bus, for one call after another. */
export class BusConnection implements Disposable {
  readonly #socket: StreamSocket
  readonly #signal: AbortSignal | undefined
  #serial = 0

  private constructor(socket: StreamSocket, signal: AbortSignal | undefined) {
    this.#socket = socket
    this.#signal = signal
  }

  /**
   * Connects to the first socket that leads to a bus.
   *
   * @throws BusUnavailableError, and the reason of an aborted signal, as do calls
   */
  static async open(paths: readonly string[], options: Patience): Promise<BusConnection> {
    let reason: unknown = new Error('its address has no Unix socket')
    for (const path of paths) {
      try {
        return await BusConnection.#openOne(path, options)
      } catch (error) {
        options.signal?.throwIfAborted()
        reason = error
      }
    }
    throw unavailable(reason)
  }

  static async #openOne(path: string, patience: Patience): Promise<BusConnection> {
    const connection = new BusConnection(new StreamSocket(path, patience), patience.signal)
    try {
      await connection.#logIn()
      return connection
    } catch (error) {
      connection[Symbol.dispose]()
      throw error
    }
  }

  /**
   * @returns the values that the method gives
   * @throws DBusError when it answers with an error
   * @throws BusUnavailableError when it does not answer
   */
  async call(method: MethodCall): Promise<Reply['values']> {
    const { errorName, values } = await this.#exchange(method)
    if (errorName !== undefined) throw new DBusError(errorName, String(values[0] ?? ''))
    return values
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]()
  }

  /** D-Bus Specification §"Authentication Protocol", EXTERNAL: the kernel tells the bus who we are. */
  async #logIn(): Promise<void> {
    const user = Array.from(String(process.getuid?.() ?? 0), (digit) => `3${digit}`).join('')
    this.#sendLine(`\0AUTH EXTERNAL ${user}`)
    const answer = new TextDecoder().decode(await this.#socket.take(lineLength)).trimEnd()
    if (!answer.startsWith('OK ')) throw new Error(`it answers "${answer}" to AUTH EXTERNAL`)
    this.#sendLine('BEGIN')
    await this.call({ ...bus, member: 'Hello', args: [] })
  }

  #sendLine(line: string): void {
    this.#socket.send(new TextEncoder().encode(`${line}\r\n`))
  }

  /** Signals and what answers nothing of ours are passed over. */
  async #exchange(method: MethodCall): Promise<Reply> {
    const serial = ++this.#serial
    try {
      this.#socket.send(writeMethodCall(method, serial))
      for (;;) {
        const reply = readReply(await this.#socket.take(messageLength))
        if (reply.replySerial === serial) return reply
      }
    } catch (error) {
      this.#signal?.throwIfAborted()
      throw unavailable(error)
    }
  }
}

function lineLength(received: Uint8Array): number | undefined {
  const end = received.indexOf(NEWLINE)
  return end < 0 ? undefined : end + 1
}

function unavailable(cause: unknown): BusUnavailableError {
  if (cause instanceof BusUnavailableError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new BusUnavailableError(`Cannot use the system message bus: ${reason}`, { cause })
}
