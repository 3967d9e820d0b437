import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR, parseIP } from '@patchbay/address'
import type { IPConfig, Route } from '@patchbay/cni/types'
import { planGateways } from '../../../src/main/bridge/gateway.ts'

const ip = (address: string, gateway?: string): IPConfig => ({
  address: CIDR.parse(address),
  ...(gateway !== undefined && { gateway: parseIP(gateway) }),
})
const route = (dst: string, gw?: string, table?: number): Route => ({
  dst: CIDR.parse(dst),
  ...(gw !== undefined && { gw: parseIP(gw) }),
  ...(table !== undefined && { table }),
})

/** A plan as texts. */
function planned(config: { isGateway?: boolean; isDefaultGateway?: boolean }, ips: IPConfig[], routes: Route[] = []) {
  const plan = planGateways({ isGateway: false, isDefaultGateway: false, ...config }, { ips, routes })
  return {
    ips: plan.ips.map(({ address, gateway }) => `${address} ${gateway ?? '-'}`),
    routes: plan.routes.map(({ dst, gw }) => `${dst} ${gw ?? '-'}`),
    gateways: plan.gateways.map(String),
  }
}

test('planGateways() changes nothing when the bridge is no gateway', () => {
  assert.deepEqual(planned({}, [ip('10.1.2.3/24'), ip('fd00::3/64', 'fd00::9')], [route('0.0.0.0/0')]), {
    ips: ['10.1.2.3/24 -', 'fd00::3/64 fd00::9'],
    routes: ['0.0.0.0/0 -'],
    gateways: [],
  })
})

test('planGateways() takes the first address of a subnet for a gateway that IPAM did not give', () => {
  const ips = [ip('fd00::3/64'), ip('10.1.2.3/24'), ip('10.9.2.130/25', '10.9.2.254')]
  assert.deepEqual(planned({ isGateway: true }, ips), {
    ips: ['fd00::3/64 fd00::1', '10.1.2.3/24 10.1.2.1', '10.9.2.130/25 10.9.2.254'],
    routes: [],
    gateways: ['10.1.2.1/24', '10.9.2.254/25', 'fd00::1/64'],
  })
})

test('planGateways() does without a gateway where a subnet has no other address', () => {
  const { ips, gateways } = planned({ isGateway: true }, [ip('255.255.255.255/32')])
  assert.deepEqual([ips, gateways], [['255.255.255.255/32 -'], []])
})

test('planGateways() adds a default route of each family, once', () => {
  const ips = [ip('10.1.2.3/24'), ip('10.9.2.3/24'), ip('fd00::3/64')]
  const both = { isGateway: true, isDefaultGateway: true }
  assert.deepEqual(planned(both, ips).routes, ['0.0.0.0/0 10.1.2.1', '::/0 fd00::1'])
})

test('planGateways() leaves a family alone that has a default route, with a gateway or without', () => {
  const both = { isGateway: true, isDefaultGateway: true }
  const ips = [ip('10.1.2.3/24'), ip('fd00::3/64')]
  assert.deepEqual(planned(both, ips, [route('0.0.0.0/0', '10.1.2.9')]).routes, ['0.0.0.0/0 10.1.2.9', '::/0 fd00::1'])
  assert.deepEqual(planned(both, ips, [route('::/0')]).routes, ['::/0 -', '0.0.0.0/0 10.1.2.1'])
})

test('planGateways() does not take a default route of another table for one', () => {
  const both = { isGateway: true, isDefaultGateway: true }
  const other = planned(both, [ip('10.1.2.3/24')], [route('0.0.0.0/0', '10.1.2.9', 100)])
  assert.deepEqual(other.routes, ['0.0.0.0/0 10.1.2.9', '0.0.0.0/0 10.1.2.1'])
  for (const table of [0, 254]) {
    const main = planned(both, [ip('10.1.2.3/24')], [route('0.0.0.0/0', '10.1.2.9', table)])
    assert.deepEqual(main.routes, ['0.0.0.0/0 10.1.2.9'])
  }
})

test('planGateways() leaves what it was given as it is', () => {
  const ips = [Object.freeze(ip('10.1.2.3/24'))]
  const routes: Route[] = []
  planGateways({ isGateway: true, isDefaultGateway: true }, { ips, routes })
  assert.deepEqual([ips, routes], [[ip('10.1.2.3/24')], []])
})
