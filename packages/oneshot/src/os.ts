import { readFileSync } from './fs.ts'

/** `node:os`: as much as the plugins use. */
export function endianness(): 'LE' | 'BE' {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 'LE' : 'BE'
}

/** Seconds since the machine was started. */
export function uptime(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'utf8'))
}
