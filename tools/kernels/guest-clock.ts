import { existsSync, readFileSync } from 'node:fs'

/** Seconds of the clock with a battery, which the hypervisor keeps. */
const batteryClock = '/sys/class/rtc/rtc0/since_epoch'
const SECONDS = 3
/** How much a clock may be wrong: reading the other one takes a moment. */
const TOLERANCE = 0.25

/** What a machine says that does not begin: how many times as fast as it should its clock runs. */
export interface ClockReport {
  readonly kind: 'clock'
  readonly factor: number
}

/**
 * Whether this machine's clock is right. A kernel without hardware to run on measures its quick clock when it begins, and may be
 * interrupted meanwhile: then a second lasts a fraction of one, and whatever has a limit fails. Takes up to four seconds.
 *
 * @param read the seconds of another clock
 * @returns how many times as fast it runs when it is wrong; `undefined` when it is right, and where there is no other clock
 */
export function wrongClock(read = readBatteryClock): number | undefined {
  let second = read()
  if (second === undefined) return undefined
  const next = (from: number): number => {
    while (read() === from) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return read() ?? from + 1
  }
  second = next(second)
  const [begun, at] = [performance.now(), second]
  while (second < at + SECONDS) second = next(second)
  const factor = (performance.now() - begun) / 1000 / (second - at)
  return Math.abs(factor - 1) > TOLERANCE ? factor : undefined
}

function readBatteryClock(): number | undefined {
  return existsSync(batteryClock) ? Number(readFileSync(batteryClock, 'utf8')) : undefined
}
