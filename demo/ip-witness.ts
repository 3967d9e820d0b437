import { spawnSync } from 'node:child_process'
import { BRIDGE, IFNAME } from './network.ts'
import type { DrawnContainer } from './topology.ts'

/** What `ip -json` prints, as far as it is looked at. */
interface Row {
  readonly ifname?: string
  readonly address?: string
  readonly gateway?: string
  readonly addr_info?: readonly { readonly scope: string; readonly local: string; readonly prefixlen: number }[]
}

/** Whether the machine has the `ip` of iproute2: others do not speak JSON. */
export function hasIp(): boolean {
  return spawnSync('ip', ['-Version'], { encoding: 'utf8' }).stdout?.includes('iproute2') ?? false
}

/**
 * Asks `ip` about what the demo shows: links, addresses and default routes of the containers, ports of the bridge.
 *
 * @throws Error that says what `ip` prints instead
 */
export function checkWithIp(containers: readonly DrawnContainer[], gateways: readonly string[]): void {
  const ports = ip('link', 'show', 'master', BRIDGE).map(({ ifname = '' }) => ifname)
  expectSame(
    `ports of ${BRIDGE}`,
    ports,
    containers.map(({ port }) => port),
  )
  for (const { name, link } of containers) {
    const [row = {}] = ip('-netns', name, 'address', 'show', 'dev', IFNAME)
    const global = (row.addr_info ?? []).filter(({ scope }) => scope === 'global')
    const addresses = global.map(({ local, prefixlen }) => `${local}/${prefixlen}`)
    expectSame(`${IFNAME} of ${name}`, [row.address ?? '', ...addresses], [link.mac, ...link.addresses])
    const routes = ['-4', '-6'].flatMap((version) => ip('-netns', name, version, 'route', 'show', 'default'))
    expectSame(
      `gateways of ${name}`,
      routes.map(({ gateway = '' }) => gateway),
      gateways,
    )
  }
}

function ip(...args: string[]): Row[] {
  const { error, status, stdout, stderr } = spawnSync('ip', ['-json', ...args], { encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`)
  const rows: Row[] = stdout.trim() === '' ? [] : JSON.parse(stdout)
  return rows.filter((row) => Object.keys(row).length > 0)
}

function expectSame(what: string, printed: readonly string[], expected: readonly string[]): void {
  const [a, b] = [printed, expected].map((each) => [...each].sort().join(', '))
  if (a !== b) throw new Error(`ip says that ${what} are ${a || 'none'} instead of ${b}`)
}
