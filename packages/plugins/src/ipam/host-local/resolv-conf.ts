import type { DNS } from '@patchbay/cni/types'

/**
 * Reads a resolv.conf(5): every `nameserver`, all words of all `options` lines, and the last line that is `search` or
 * `domain`: each such line replaces the one before it, whichever it is. What else is in it is ignored. Only what it says is in
 * the result.
 */
export function parseResolvConf(text: string): DNS {
  const dns: DNS = {}
  for (const line of text.split('\n')) {
    const [keyword = '', ...values] = line.trim().split(/\s+/)
    const [first] = values
    if (first === undefined || /^[#;]/.test(keyword)) continue
    if (keyword === 'nameserver') dns.nameservers = [...(dns.nameservers ?? []), first]
    else if (keyword === 'options') dns.options = [...(dns.options ?? []), ...values]
    else if (keyword === 'domain') {
      delete dns.search
      dns.domain = first
    } else if (keyword === 'search') {
      delete dns.domain
      dns.search = values
    }
  }
  return dns
}
