/** An item of `vlanTrunk`: one VLAN, a range of them, or both. */
export interface TrunkItem {
  minID?: number
  maxID?: number
  id?: number
}

const [FIRST_VLAN, LAST_VLAN] = [1, 4094]

/**
 * The VLANs of a trunk, each once, in ascending order.
 *
 * @throws RangeError for an id outside 1..4094 or half a range
 */
export function trunkVlans(items: readonly TrunkItem[]): number[] {
  const vlans = new Set<number>()
  for (const item of items) {
    for (const vlan of rangeOf(item)) vlans.add(vlan)
    if (item.id === undefined) continue
    if (!isVlan(item.id)) throw new RangeError('incorrect trunk id parameter')
    vlans.add(item.id)
  }
  return [...vlans].sort((a, b) => a - b)
}

function rangeOf({ minID, maxID }: TrunkItem): number[] {
  if (minID !== undefined && !isVlan(minID)) throw new RangeError('incorrect trunk minID parameter')
  if (maxID !== undefined && !isVlan(maxID)) throw new RangeError('incorrect trunk maxID parameter')
  if (minID === undefined && maxID === undefined) return []
  if (minID === undefined) throw new RangeError(halfRange('minID'))
  if (maxID === undefined) throw new RangeError(halfRange('maxID'))
  if (minID > maxID) throw new RangeError('minID is greater than maxID in trunk parameter')
  return Array.from({ length: maxID - minID + 1 }, (_, index) => minID + index)
}

function halfRange(missing: string): string {
  return `minID and maxID should be configured simultaneously, ${missing} is missing`
}

function isVlan(id: number): boolean {
  return id >= FIRST_VLAN && id <= LAST_VLAN
}
