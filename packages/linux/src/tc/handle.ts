/** `<linux/pkt_sched.h> TC_H_*`: places that are no queueing discipline's and no class's number. */
export const TC_H = {
  UNSPEC: 0,
  /** What leaves by the link. */
  ROOT: 0xffffffff,
  /** What comes in by it; of `clsact` too. */
  INGRESS: 0xfffffff1,
} as const

/** `<linux/pkt_sched.h> TC_H_MIN_*`: the minor numbers of both directions of `clsact`, whose major number is 0xffff. */
export const TC_H_MIN = { INGRESS: 0xfff2, EGRESS: 0xfff3 } as const

/**
 * The number of the queueing discipline `major:`, or of the class `major:minor`.
 *
 * @throws RangeError when one of them is not from 0 to 65535
 */
export function handleOf(major: number, minor = 0): number {
  for (const part of [major, minor])
    if (!Number.isInteger(part) || part < 0 || part > 0xffff)
      throw new RangeError(`Cannot make a handle of "${major}:${minor}": a part is not from 0 to 65535`)
  return major * 0x10000 + minor
}

/** `1:`, `1:30` in hexadecimal, as tc(8) writes a handle. */
export function describeHandle(handle: number): string {
  if (handle === TC_H.ROOT) return 'root'
  if (handle === TC_H.INGRESS) return 'ingress'
  const [major, minor] = [Math.floor(handle / 0x10000), handle % 0x10000]
  return `${major.toString(16)}:${minor === 0 ? '' : minor.toString(16)}`
}

/** The number of `ingress` and `clsact`, of which a link has one at most. */
export const ingressHandle = handleOf(0xffff)
