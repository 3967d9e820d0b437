import fc, { type Arbitrary } from 'fast-check'
import { callArgs, networkOf } from '../arbitraries.ts'
import type { Case } from '../case.ts'
import { casesOf, fixedAddresses, hostLocal, requestedKeys } from '../ipam.ts'

export const hostLocalCases: Arbitrary<Case> = casesOf({
  config: networkOf('host-local', { usual: { ipam: hostLocal }, rare: requestedKeys }),
  args: callArgs('IP=10.1.2.99', 'IgnoreUnknown=1;IP=10.1.2.99/24', 'IP=x', 'IP=10.1.2.1', 'IP=', 'ip=10.1.2.99'),
  hosts: [
    'mkdir -p /var/lib/cni/networks/net; printf "other\\r\\neth0" >/var/lib/cni/networks/net/10.1.2.2',
    'mkdir -p /var/lib/cni/networks/net; printf c1 >/var/lib/cni/networks/net/10.1.2.5',
    'mkdir -p /var/lib/cni/networks/net; printf 10.1.2.254 >/var/lib/cni/networks/net/last_reserved_ip.0',
    'mkdir -p /var/lib/cni/networks/net; printf x >/var/lib/cni/networks/net/last_reserved_ip.0',
  ],
})

export const staticCases: Arbitrary<Case> = casesOf({
  config: networkOf('static', { usual: { ipam: fixedAddresses }, rare: requestedKeys }),
  args: callArgs(
    'IP=10.1.2.99/24',
    'IP=10.1.2.99/24,fd00:1:2::99/64;GATEWAY=10.1.2.1',
    'GATEWAY=10.1.2.1',
    'IP=10.1.2.99',
    'IP=x',
    'GATEWAY=x',
  ),
  previous: fc.constantFrom({ cniVersion: '1.1.0', ips: [{ address: '10.1.2.9/24', gateway: '10.1.2.254' }] }),
})
