import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR, parseIP } from '@patchbay/address'
import type { Route } from '@patchbay/cni/types'
import { checkRouteValues } from '../../src/main/route-values.ts'

const dst = CIDR.parse('10.9.0.0/16')

test('checkRouteValues() accepts what a kernel has room for', () => {
  const most = { mtu: 0xffffffff, advmss: 0xffffffff, priority: 0xffffffff, table: 0xffffffff, scope: 255 }
  const least = { mtu: 0, advmss: 0, priority: 0, table: 0, scope: 0 }
  for (const route of [{}, most, least, { gw: parseIP('10.1.2.1') }, { gw: parseIP('::') }])
    checkRouteValues([{ dst, ...route }])
})

test('checkRouteValues() names the route, the key and the range', () => {
  const cases: [Partial<Route>, string][] = [
    [{ priority: -1 }, '"priority" is -1, not a number from 0 to 4294967295'],
    [{ mtu: -5 }, '"mtu" is -5, not a number from 0 to 4294967295'],
    [{ advmss: 2 ** 32 }, '"advmss" is 4294967296, not a number from 0 to 4294967295'],
    [{ table: -1 }, '"table" is -1, not a number from 0 to 4294967295'],
    [{ scope: 256 }, '"scope" is 256, not a number from 0 to 255'],
    [{ gw: parseIP('fe80::1') }, '"gw" is fe80::1, not an address of IPv4'],
  ]
  for (const [keys, state] of cases)
    assert.throws(() => checkRouteValues([{ dst }, { dst, ...keys }]), {
      code: 7,
      message: `Cannot add route 10.9.0.0/16: ${state}`,
    })
})
