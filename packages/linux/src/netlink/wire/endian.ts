/** Whether the host stores the least significant byte first. */
export const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
