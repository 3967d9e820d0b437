import { systemBusPaths } from './bus-address.ts'
import { BusConnection, bus, DBusError } from './bus-connection.ts'

/** The name on the bus of whoever is firewalld at the time. */
const NAME = 'org.fedoraproject.FirewallD1'

/** firewalld.dbus(5), `org.fedoraproject.FirewallD1.zone`: sources until its next reload or restart. */
const zoneInterface = {
  destination: NAME,
  path: '/org/fedoraproject/FirewallD1',
  interface: `${NAME}.zone`,
} as const

/** What bus daemons and their clients allow for an answer by default. */
const TIMEOUT_MS = 25_000

/** The bus answers this by itself. */
const OWNER_TIMEOUT_MS = 3_000

export interface FirewalldOptions {
  /** Has `DBUS_SYSTEM_BUS_ADDRESS` where the system bus is not in its usual place. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** How long an answer may take, in milliseconds; 25,000 by default, and 3,000 for {@link Firewalld.isRunning}. */
  readonly timeoutMs?: number | undefined
  /** Ends the waits of {@link Firewalld.addSource} and {@link Firewalld.querySource}; taking back goes on when the caller is gone. */
  readonly signal?: AbortSignal | undefined
}

/** The host's firewalld. Each call is a connection of its own to the system bus. */
export interface Firewalld {
  /** Whether someone on the bus is firewalld. Without a bus that answers nobody is. */
  isRunning(): Promise<boolean>
  /** Puts packets from addresses into a zone; those that are in it stay. @throws DBusError, BusUnavailableError */
  addSource(zone: string, ...sources: readonly string[]): Promise<void>
  /** Takes addresses out of a zone, those that are in it. @throws DBusError, BusUnavailableError */
  removeSource(zone: string, ...sources: readonly string[]): Promise<void>
  /** Whether packets from an address belong to a zone. @throws DBusError, BusUnavailableError */
  querySource(zone: string, source: string): Promise<boolean>
}

/** @param options.env of whoever the work is done for */
export function firewalld({ env, timeoutMs, signal }: FirewalldOptions): Firewalld {
  const paths = systemBusPaths(env)

  /** A method of zones, for one source after another; one that is in the state asked for already says so by `harmless`. */
  async function callEach(
    { member, harmless, ...ending }: { member: string; harmless: string; signal?: AbortSignal | undefined },
    zone: string,
    sources: readonly string[],
  ): Promise<void> {
    using connection = await BusConnection.open(paths, { timeoutMs: timeoutMs ?? TIMEOUT_MS, ...ending })
    for (const source of sources) {
      try {
        await connection.call({ ...zoneInterface, member, args: [zone, source] })
      } catch (error) {
        if (!isException(error, harmless)) throw error
      }
    }
  }

  return {
    async isRunning() {
      try {
        using connection = await BusConnection.open(paths, { timeoutMs: timeoutMs ?? OWNER_TIMEOUT_MS })
        const [owner] = await connection.call({ ...bus, member: 'GetNameOwner', args: [NAME] })
        return owner !== undefined
      } catch {
        return false
      }
    },
    addSource: (zone, ...sources) =>
      callEach({ member: 'addSource', harmless: 'ZONE_ALREADY_SET', signal }, zone, sources),
    removeSource: (zone, ...sources) => callEach({ member: 'removeSource', harmless: 'UNKNOWN_SOURCE' }, zone, sources),
    async querySource(zone, source) {
      using connection = await BusConnection.open(paths, { timeoutMs: timeoutMs ?? TIMEOUT_MS, signal })
      const [isIn] = await connection.call({ ...zoneInterface, member: 'querySource', args: [zone, source] })
      return isIn === true
    },
  }
}

/** firewalld has one error, whose text begins with a name. */
function isException(error: unknown, name: string): boolean {
  return error instanceof DBusError && error.message.includes(name)
}
