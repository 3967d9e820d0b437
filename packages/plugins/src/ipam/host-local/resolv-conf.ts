import { readRegularFile } from '@patchbay/cni/config'
import type { DNS } from '@patchbay/cni/types'
import { fileOperation } from '../../state/file-operation.ts'

/** Bytes: much more than a resolver reads. */
const SIZE_LIMIT = 2 ** 20

/** Reads the resolv.conf(5) at `path`, as {@link parseResolvConf} does. Throws SystemError when it cannot be read. */
export function readResolvConf(path: string): DNS {
  return parseResolvConf(fileOperation('open', path, () => readRegularFile(path, SIZE_LIMIT)))
}

/**
 * Reads a resolv.conf(5): every `nameserver`, all words of all `options` lines, and the last line that is `search` or
 * `domain`: each such line replaces the one before it, whichever it is. Other lines are ignored. The result has the keys of
 * the lines that were found.
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
