import type { DNS } from '@patchbay/cni/types'

/**
 * Reads a resolv.conf(5): every `nameserver`, the last `domain`, and all words of all `search` and `options` lines.
 * What else is in it is ignored. Only what it says is in the result.
 */
export function parseResolvConf(text: string): DNS {
  const dns: DNS = {}
  for (const line of text.split('\n')) {
    const [keyword = '', ...values] = line.trim().split(/\s+/)
    const [first] = values
    if (first === undefined || /^[#;]/.test(keyword)) continue
    if (keyword === 'nameserver') dns.nameservers = [...(dns.nameservers ?? []), first]
    else if (keyword === 'domain') dns.domain = first
    else if (keyword === 'search') dns.search = [...(dns.search ?? []), ...values]
    else if (keyword === 'options') dns.options = [...(dns.options ?? []), ...values]
  }
  return dns
}
