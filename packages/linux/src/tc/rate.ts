import { padding, type Struct, struct, u8, u16, u32 } from '../netlink/raw.ts'

/** `struct tc_ratespec`, `<linux/pkt_sched.h>`. */
export const ratespec = struct({
  cellLog: u8,
  /** {@link LINKLAYER} */
  linklayer: u8,
  overhead: u16,
  cellAlign: padding(2),
  mpu: u16,
  /** Bytes a second; the largest number when it does not fit, and is said in an attribute of its own. */
  rate: u32,
})

/** `<linux/pkt_sched.h> TC_LINKLAYER_*`: without one, the kernel asks for a table that it does not use. */
const LINKLAYER = { ETHERNET: 1 } as const

/** The largest number of four bytes. */
export const largest32 = 0xffffffff

/** @param rate bytes a second */
export function ratespecOf(rate: bigint): Struct<typeof ratespec.fields> {
  const fitting = rate > largest32 ? largest32 : Number(rate)
  return { cellLog: 0, linklayer: LINKLAYER.ETHERNET, overhead: 0, mpu: 0, rate: fitting }
}

/** A tick is 64 ns: `<net/pkt_sched.h> PSCHED_SHIFT`. */
const NANOSECONDS_A_TICK = 64n

/** The time in which that many bytes pass at a rate, in ticks, as many as fit. */
export function ticksOf(bytes: number, rate: bigint): number {
  if (rate === 0n) return 0
  const ticks = (BigInt(bytes) * 1_000_000_000n) / rate / NANOSECONDS_A_TICK
  return ticks > largest32 ? largest32 : Number(ticks)
}

/** How many bytes pass in that many ticks. */
export function bytesIn(ticks: number, rate: bigint): number {
  return Number((BigInt(ticks) * NANOSECONDS_A_TICK * rate) / 1_000_000_000n)
}
