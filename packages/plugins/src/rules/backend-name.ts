/** What rules of the host can be made by. */
export type BackendName = 'nftables' | 'iptables'

export function isBackendName(name: string | undefined): name is BackendName {
  return name === 'nftables' || name === 'iptables'
}
