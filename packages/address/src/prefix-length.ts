/** @throws {RangeError} when `prefixLength` is not a whole number from 0 to the address's length in bits */
export function checkPrefixLength(address: { readonly bits: number; toString(): string }, prefixLength: number): void {
  if (Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= address.bits) return
  throw new RangeError(
    `Cannot use prefix length ${prefixLength} with "${address}": not a whole number from 0 to ${address.bits}`,
  )
}
