import type { Writer } from '../wire/index.ts'

/** A kind of message as the kernel names it: its number, and how its body is laid out. */
export interface Operation<Out, In = never> {
  /** The kernel's constant: `RTM_NEWLINK`. */
  readonly name: string
  readonly type: number
  readonly body: {
    write(w: Writer, value: In): void
    read(body: Uint8Array): Out
    /** Begins the kernel's constants of the attributes: `IFLA`. */
    readonly prefix?: string
    locate?(body: Uint8Array, offset: number): string[]
  }
  /** What a message with this value is about: `link "eth0"`. */
  describe?(value: In): string | undefined
}

/**
 * Declares an operation.
 *
 * @param describe says what a message is about, for the error when it is refused
 */
export function operation<Out, In>(
  name: string,
  type: number,
  body: Operation<Out, In>['body'],
  describe?: (value: In) => string | undefined,
): Operation<Out, In> {
  return { name, type, body, ...(describe && { describe }) }
}

/** A message to send. Made by {@link request}. */
export interface NetlinkRequest {
  /** The kernel's name of the operation. */
  readonly name: string
  readonly type: number
  /** `NLM_F_*` beside REQUEST and ACK. */
  readonly flags: number
  /** What it is about, for the error when it is refused: `chain inet filter input`. */
  readonly object?: string | undefined
  write(w: Writer): void
  /** Name of the attribute that holds the byte at `offset` of the body: `IFLA.linkinfo.link.data`. */
  locate(body: Uint8Array, offset: number): string | undefined
}

/** A message of an operation with its value. What it is about is put in words when somebody asks. */
class OperationRequest<In> implements NetlinkRequest {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly #operation: Operation<unknown, In>
  readonly #value: In

  constructor(operation: Operation<unknown, In>, value: In, flags: number) {
    this.name = operation.name
    this.type = operation.type
    this.flags = flags
    this.#operation = operation
    this.#value = value
  }

  get object(): string | undefined {
    return this.#operation.describe?.(this.#value)
  }

  write(w: Writer): void {
    this.#operation.body.write(w, this.#value)
  }

  locate(bytes: Uint8Array, offset: number): string | undefined {
    const { body } = this.#operation
    const names = body.locate?.(bytes, offset) ?? []
    return names.length === 0 ? undefined : [...(body.prefix === undefined ? [] : [body.prefix]), ...names].join('.')
  }
}

/** A message of an operation with its value, ready to send. */
export function request<In>(operation: Operation<unknown, In>, value: In, flags = 0): NetlinkRequest {
  return new OperationRequest(operation, value, flags)
}
