import { readlinkSync, writeSync } from './fs.ts'
import { errnoError, system } from './host.ts'
import { catchSignal, releaseSignal } from './loop.ts'
import { signalNumbers } from './signals.ts'

/** `process`: what the plugins ask of it. */

function parseEnvironment(): Record<string, string> {
  return Object.fromEntries(
    host.environment.map((line) => {
      const equals = line.indexOf('=', 1)
      return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)]
    }),
  )
}

function numberOf(signal: string): number {
  const number = signalNumbers[signal]
  if (number === undefined) throw new TypeError(`Unknown signal: ${signal}`)
  return number
}

let environment: Record<string, string> | undefined

export const process = {
  get env(): Record<string, string> {
    environment ??= parseEnvironment()
    return environment
  },
  get argv(): readonly string[] {
    return host.arguments
  },
  get argv0(): string {
    return host.arguments[0] ?? ''
  },
  platform: 'linux',
  arch: host.architecture,
  versions: {},
  get execPath(): string {
    return readlinkSync('/proc/self/exe')
  },
  get pid(): number {
    return system('getpid', [])
  },
  get exitCode(): number {
    return host.status
  },
  set exitCode(status: number) {
    host.status = status
  },
  getuid: (): number => system('getuid', []),
  kill(pid: number, signal: string | number): true {
    const number = typeof signal === 'number' ? signal : numberOf(signal)
    const result = host.system['kill']?.(pid, number) ?? 0
    if (result < 0) throw errnoError(-result, 'kill')
    return true
  },
  once(event: string, listener: (signal: string) => void): void {
    catchSignal(numberOf(event), () => listener(event), { once: true })
  },
  off(event: string, _listener: unknown): void {
    releaseSignal(numberOf(event))
  },
  stderr: {
    write(text: string): void {
      writeSync(2, text)
    },
  },
}
