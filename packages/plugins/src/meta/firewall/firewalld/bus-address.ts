import { endianness } from 'node:os'

/** `<linux/un.h>`: bytes of a path, its NUL among them. */
const PATH_BYTES = 108

/** `<sys/socket.h>` */
export const AF_UNIX = 1

/** D-Bus Specification §"Well-known Message Bus Instances": where the system bus is when nobody says. */
const DEFAULT = 'unix:path=/var/run/dbus/system_bus_socket'

/**
 * Paths of the Unix sockets that may lead to the system bus, in the order to be tried; one in the abstract namespace
 * begins with a NUL. Addresses of other transports are left out.
 *
 * @param env has `DBUS_SYSTEM_BUS_ADDRESS`, or the system's own place holds
 */
export function systemBusPaths(env: Readonly<Record<string, string | undefined>>): string[] {
  const addresses = env['DBUS_SYSTEM_BUS_ADDRESS'] || DEFAULT
  return addresses
    .split(';')
    .map(unixPath)
    .filter((path) => path !== undefined)
}

/**
 * `struct sockaddr_un` of unix(7).
 *
 * @throws RangeError when the path is too long
 */
export function writeUnixAddress(path: string): Uint8Array {
  const name = new TextEncoder().encode(path)
  if (name.length >= PATH_BYTES) throw new RangeError(`Cannot connect to "${path}": the path has ${name.length} bytes`)
  // The length tells a name in the abstract namespace from another; a path ends with a NUL.
  const bytes = new Uint8Array(2 + name.length + (path.startsWith('\0') ? 0 : 1))
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, endianness() === 'LE')
  bytes.set(name, 2)
  return bytes
}

function unixPath(address: string): string | undefined {
  if (!address.startsWith('unix:')) return undefined
  const pairs = address.slice('unix:'.length).split(',')
  for (const pair of pairs) {
    const [key, value = ''] = pair.split('=', 2)
    if (key === 'path') return unescapeValue(value)
    if (key === 'abstract') return `\0${unescapeValue(value)}`
  }
  return undefined
}

/** D-Bus Specification §"Server Addresses": `%2f` is a byte. */
function unescapeValue(value: string): string {
  return value.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
