import { attached } from '../lab/iptables-rules.ts'
import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'

export const dual = attached('10.1.2.2/24', 'fd00:1:2::2/64')
export const web = port(8080, 80)

export function port(hostPort: number, containerPort: number, keys: JsonObject = {}): JsonObject {
  return { hostPort, containerPort, protocol: 'tcp', ...keys }
}

/** A network of a container with two addresses, and what it publishes. */
export function mapping(ports: JsonObject[], keys: JsonObject = {}): JsonObject {
  return {
    cniVersion: '1.1.0',
    name: 'net1',
    type: 'portmap',
    backend: 'iptables',
    prevResult: dual,
    runtimeConfig: { portMappings: ports },
    ...keys,
  }
}

/** All that the plugin has made. */
export function allRules(scene: Scene): string {
  return scene.shell(`(iptables-save; ip6tables-save) 2>/dev/null | grep CNI- || true`)
}

/** The part of it that is a container's own. */
export function containerRules(scene: Scene): string {
  return scene.shell(`(iptables-save; ip6tables-save) 2>/dev/null | grep -E 'CNI-[DS]N-' || true`)
}
