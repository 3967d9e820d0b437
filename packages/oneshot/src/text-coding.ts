/** `TextEncoder` of the Encoding Standard. */
export class TextEncoder {
  readonly encoding = 'utf-8'

  encode(text = ''): Uint8Array {
    return new Uint8Array(host.encode(text))
  }
}

/** `TextDecoder` for UTF-8, also piece by piece. */
export class TextDecoder {
  readonly encoding = 'utf-8'
  #rest: Uint8Array = new Uint8Array()

  decode(bytes: Uint8Array = new Uint8Array(), { stream = false }: { stream?: boolean } = {}): string {
    const all = this.#rest.length === 0 ? bytes : concat(this.#rest, bytes)
    const end = stream ? endOfWhole(all) : all.length
    this.#rest = all.slice(end)
    return host.decode(all.subarray(0, end))
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

/** Where the last sequence begins, if more of it may follow. */
function endOfWhole(bytes: Uint8Array): number {
  const tail = bytes.subarray(-3)
  const back = tail.length - findLead(tail)
  const lead = bytes[bytes.length - back] ?? 0
  return lengthOf(lead) > back ? bytes.length - back : bytes.length
}

function findLead(tail: Uint8Array): number {
  for (let at = tail.length - 1; at >= 0; at--) if (((tail[at] ?? 0) & 0xc0) !== 0x80) return at
  return tail.length
}

/** How many bytes follow the first byte of a sequence, and itself. */
function lengthOf(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}
