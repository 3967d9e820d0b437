/** Whether the host stores the least significant byte first. */
export const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The two bytes at `at`, host byte order. */
export function u16At(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  const second = bytes[at + 1] ?? 0
  return littleEndian ? first + second * 0x100 : first * 0x100 + second
}

/** The four bytes at `at`, host byte order. */
export function u32At(bytes: Uint8Array, at: number): number {
  const first = u16At(bytes, at)
  const second = u16At(bytes, at + 2)
  return littleEndian ? first + second * 0x10000 : first * 0x10000 + second
}
