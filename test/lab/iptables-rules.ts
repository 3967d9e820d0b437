import { reference } from './implementation.ts'
import type { Scene } from './scene.ts'
import type { JsonObject } from './witness.ts'

/**
 * The chains and rules of both IP versions, in order, each behind its table. Tables without any come and go with whoever
 * looks for rules in them. Two differences are left out, because they are ours alone: the rule that leaves ::1 to the host,
 * and `CNI-PUBLISHED`, the rules for published ports.
 */
export function showRules(scene: Scene): string {
  return scene.look(`
    for save in iptables-save ip6tables-save; do
      $save 2>/dev/null | awk -v save=$save '
        /^[*]/ { table = $0 }
        /CNI-PUBLISHED/ { next }
        /^:.* -/ { print save, table, $1 }
        /^-A CNI-HOSTPORT-DNAT -d ::1.128 -j RETURN$/ { next }
        /^-A/ { print save, table, $0 }'
    done`)
}

/** Names of the plugins of the other implementation, on a machine with those of one: `other(scene)('bridge')`. */
export function otherPlugins(scene: Scene, directory = reference?.directory ?? ''): (name: string) => string {
  scene.shell(`mkdir /run/other; mount --bind ${directory} /run/other`)
  return (name) => `../other/${name}`
}

/** Programs of iptables that a call starts, by strace. */
export class ProgramCount {
  readonly wrapper = ['strace', '-f', '-qq', '-e', 'trace=execve', '-e', 'signal=none', '-o', '/run/programs'] as const
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /** The programs of the last call, each as often as it was started. */
  list(): string[] {
    const log = this.#scene.shell('cat /run/programs')
    return [...log.matchAll(/execve\("[^"]*\/((?:ip6?tables|nft|xtables)[^"/]*)"/g)].map(([, name = '']) => name).sort()
  }
}

/** A result as a bridge gives it. */
export function attached(...addresses: string[]): JsonObject {
  return {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'cni0' }, { name: 'veth0' }, { name: 'eth0', sandbox: '/run/netns/c1' }],
    ips: addresses.map((address) => ({ address, interface: 2 })),
  }
}
