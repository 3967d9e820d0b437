/**
 * What shim and daemon say to each other, in the byte order of the machine: little-endian, as on all that the shim is built
 * for. `packages/patchbay/native/shim.c` is the other side.
 */

/** The first number that both must agree on; raised when a frame changes. */
export const protocolVersion = 2

/** Bytes: longer ones are refused, and the shim does the call without the daemon. */
export const requestLimits = { name: 255, env: 16 * 2 ** 20, stdin: 16 * 2 ** 20 } as const

/** Where the fields of a request's header lie; name, environment and standard input follow it. */
export const header = {
  magic: 0,
  protocol: 4,
  build: 8,
  nameLength: 40,
  envLength: 44,
  stdinLength: 48,
  size: 52,
} as const

export const magic = 'CNIP'

export const buildIdBytes = 32

/** What the daemon says. A call that has been read may have had effects, unless the daemon says something else. */
export const frame = {
  /** The call waits its turn: said at once, and every few seconds, so that the shim does not give up. */
  queued: 1,
  /** From here on a call that waited may have had effects. */
  begun: 2,
  /** The daemon will not do the call; why, as text. */
  refused: 3,
  /** For the shim's standard error. */
  stderr: 4,
  /** The exit status in one byte, and what goes to standard output. */
  done: 5,
} as const

/** Bytes before a frame's payload: its length, and what it is. */
export const frameHeaderBytes = 5

/** The bytes of a frame. */
export function formatFrame(type: number, payload = ''): Uint8Array {
  const length = Buffer.byteLength(payload)
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + length)
  bytes.writeUInt32LE(length, 0)
  bytes[4] = type
  bytes.write(payload, frameHeaderBytes)
  return bytes
}

/** The frame that ends a call. */
export function formatDone(status: number, stdout: string): Uint8Array {
  const bytes = formatFrame(frame.done, `\0${stdout}`)
  bytes[frameHeaderBytes] = status
  return bytes
}

/** What a request begins with: what it is, and whose. */
export function formatOrigin(build: string): Buffer {
  const bytes = Buffer.alloc(header.nameLength)
  bytes.write(magic, header.magic)
  bytes.writeUInt32LE(protocolVersion, header.protocol)
  bytes.write(build, header.build, buildIdBytes)
  return bytes
}

/** The bytes of a request, as the shim sends it. */
export function formatRequest(
  build: string,
  { name, env, stdin }: { name: string; env: Readonly<Record<string, string>>; stdin: string },
): Uint8Array {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}\0`)
  const [nameBytes, envBytes, stdinBytes] = [name, variables.join(''), stdin].map((text) => Buffer.from(text))
  const head = Buffer.alloc(header.size)
  head.set(formatOrigin(build))
  head.writeUInt32LE(nameBytes?.length ?? 0, header.nameLength)
  head.writeUInt32LE(envBytes?.length ?? 0, header.envLength)
  head.writeUInt32LE(stdinBytes?.length ?? 0, header.stdinLength)
  return Buffer.concat([head, ...[nameBytes, envBytes, stdinBytes].flatMap((bytes) => bytes ?? [])])
}
