import { array, boolean, type Decoded, map, named, object, raw, string } from '../json/index.ts'
import { dns } from './result-tables.ts'

/**
 * What every plugin's configuration may have (CNI 1.1 §"Section 1"). A plugin builds its own upon the table:
 *
 * ```ts
 * const bridgeConf = object('NetConf', { ...netConf.table, bridge: string, isGateway: boolean })
 * ```
 */
export const netConf = object('types.PluginConf', {
  cniVersion: string,
  name: string,
  type: string,
  /** Which of the runtime's arguments the plugin wants. */
  capabilities: map(boolean),
  ipam: object('types.IPAM', { type: string }),
  dns,
  /** A result as its version has it; see `parsePrevResult`. */
  prevResult: map(raw),
  /** The attachments that are still alive: given to GC alone. */
  validAttachments: named(
    'cni.dev/valid-attachments',
    array(object('types.GCAttachment', { containerID: string, ifname: string })),
  ),
})

export type NetConf = Decoded<typeof netConf>
