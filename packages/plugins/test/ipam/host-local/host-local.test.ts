import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Shared } from '@patchbay/cni/plugin'
import { lockFile } from '@patchbay/linux/sys'
import { type Call, callHostLocal } from './call-host-local.ts'
import { temporaryDirectory } from './temporary-directory.ts'

interface Network {
  /** Where its leases are. */
  readonly leases: string
  readonly add: (call?: Partial<Call>) => ReturnType<typeof callHostLocal>
  readonly del: (call?: Partial<Call>) => ReturnType<typeof callHostLocal>
  readonly check: (call?: Partial<Call>) => ReturnType<typeof callHostLocal>
  /** The addresses that are leased. */
  readonly addresses: () => string[]
}

/** A network with this `ipam` and these other keys. */
function network(context: TestContext, ipam: Record<string, unknown>, more: Record<string, unknown> = {}): Network {
  const dataDir = temporaryDirectory(context)
  const config = { cniVersion: '1.1.0', name: 'net', type: 'bridge', ...more }
  const call =
    (command: string) =>
    (call: Partial<Call> = {}) =>
      callHostLocal(command, { config: { ...config, ipam: { type: 'host-local', dataDir, ...ipam } }, ...call })
  const leases = join(dataDir, 'net')
  const addresses = () =>
    readdirSync(leases)
      .filter((name) => /^[0-9a-f]+[.:]/.test(name))
      .sort()
  return { leases, add: call('ADD'), del: call('DEL'), check: call('CHECK'), addresses }
}

function error(msg: string, code = 999): unknown {
  return { status: 1, output: { code, msg } }
}

test('ADD, CHECK and DEL of one interface', async (context) => {
  const { add, check, del, addresses } = network(context, { ranges: [[{ subnet: '10.9.0.0/29' }]] })
  assert.deepEqual(await check(), error('host-local: Failed to find address added by container c1'))
  assert.deepEqual(await add(), {
    status: 0,
    output: { cniVersion: '1.1.0', ips: [{ address: '10.9.0.2/29', gateway: '10.9.0.1' }] },
  })
  assert.deepEqual(await check(), { status: 0, output: undefined })
  assert.deepEqual(await check({ ifName: 'eth1' }), error('host-local: Failed to find address added by container c1'))
  assert.deepEqual(await del({ ifName: 'eth1' }), { status: 0, output: undefined })
  assert.deepEqual(addresses(), ['10.9.0.2'])
  assert.deepEqual(await del(), { status: 0, output: undefined })
  assert.deepEqual(addresses(), [])
  assert.deepEqual(await del(), { status: 0, output: undefined })
})

test('ADD gives routes with all their fields, and dns from resolvConf', async (context) => {
  const resolvConf = join(temporaryDirectory(context), 'resolv.conf')
  writeFileSync(resolvConf, 'nameserver 192.0.2.53\nsearch a.example\n')
  const routes = [
    { dst: '0.0.0.0/0', gw: '10.9.0.1', mtu: 1400, advmss: 1360, priority: 7, table: 0, scope: 0 },
    { dst: '192.0.2.5/24' },
  ]
  const { add } = network(context, { subnet: '10.9.0.0/24', routes, resolvConf })
  const { output } = await add()
  assert.deepEqual(output, {
    cniVersion: '1.1.0',
    dns: { nameservers: ['192.0.2.53'], search: ['a.example'] },
    ips: [{ address: '10.9.0.2/24', gateway: '10.9.0.1' }],
    routes,
  })
})

test('ADD fails without resolvConf, before anything is made', async (context) => {
  const { add, leases } = network(context, { subnet: '10.9.0.0/24', resolvConf: '/nowhere/resolv.conf' })
  assert.deepEqual(await add(), error('open /nowhere/resolv.conf: no such file or directory'))
  assert.equal(existsSync(leases), false)
})

test('ADD allocates from ipRanges, the single range and ranges, in this order', async (context) => {
  const { add, leases } = network(
    context,
    { subnet: '10.1.0.0/24', rangeStart: '10.1.0.9', gateway: '10.1.0.254', ranges: [[{ subnet: 'fd00::/64' }]] },
    { runtimeConfig: { ipRanges: [[{ subnet: '10.2.0.0/24' }]] } },
  )
  const { output } = await add()
  assert.deepEqual(output, {
    cniVersion: '1.1.0',
    ips: [
      { address: '10.2.0.2/24', gateway: '10.2.0.1' },
      { address: '10.1.0.9/24', gateway: '10.1.0.254' },
      { address: 'fd00::2/64', gateway: 'fd00::1' },
    ],
  })
  const last = [0, 1, 2].map((set) => readFileSync(join(leases, `last_reserved_ip.${set}`), 'utf8'))
  assert.deepEqual(last, ['10.2.0.2', '10.1.0.9', 'fd00::2'])
})

test('ADD merges the requested addresses of CNI_ARGS, args and runtimeConfig', async (context) => {
  const ranges = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', '10.4.0.0/24'].map((subnet) => [{ subnet }])
  const requests = { args: { cni: { ips: ['10.2.0.22/16'] } }, runtimeConfig: { ips: ['10.3.0.33', '10.1.0.11'] } }
  const { add, addresses } = network(context, { ranges }, requests)
  assert.equal((await add({ args: 'IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.0.11/8' })).status, 0)
  assert.deepEqual(addresses(), ['10.1.0.11', '10.2.0.22', '10.3.0.33', '10.4.0.2'])
})

test('ADD before 0.3.0 allows one address of each family', async (context) => {
  const dual = { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00::/64' }]] }
  const { output } = await network(context, dual, { cniVersion: '0.2.0' }).add()
  assert.deepEqual(output, {
    cniVersion: '0.2.0',
    ip4: { ip: '10.1.0.2/24', gateway: '10.1.0.1' },
    ip6: { ip: 'fd00::2/64', gateway: 'fd00::1' },
    dns: {},
  })
  const two = { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.2.0.0/24' }]] }
  const refused = await network(context, two, { cniVersion: '0.2.0' }).add()
  assert.deepEqual(refused, error('CNI version 0.2.0 does not support more than 1 address per family'))
})

test('ADD again gives the same addresses to the same interface, and others to others', async (context) => {
  const { add, addresses } = network(context, { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00::/64' }]] })
  const first = await add()
  assert.equal(first.status, 0)
  assert.deepEqual(await add(), first)
  assert.deepEqual(await add({ args: 'IP=10.1.0.2' }), first)
  assert.deepEqual(addresses(), ['10.1.0.2', 'fd00::2'])
  await add({ ifName: 'eth1' })
  await add({ containerId: 'c2' })
  assert.equal(addresses().length, 6)
})

test('ADD that fails in a later set keeps nothing of it, and what an earlier ADD of the same interface has', async (context) => {
  const ranges = [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.2.0.0/24' }]]
  const { add, check, addresses } = network(context, { ranges })
  await add()
  const message =
    'failed to allocate for range 1: 10.2.0.2 has been allocated to c1, duplicate allocation is not allowed'
  assert.deepEqual(await add({ args: 'IP=10.2.0.99' }), error(message))
  assert.deepEqual(addresses(), ['10.1.0.2', '10.2.0.2'])
  assert.equal((await check()).status, 0)
})

test('a durability that is none is refused', async (context) => {
  const { add, leases } = network(context, { subnet: '10.9.0.0/24', durability: 'full' })
  assert.deepEqual(await add(), error('Cannot use the durability "full": it is neither "synced" nor "none"'))
  assert.equal(existsSync(leases), false)
})

test('ADD in a small part of an IPv6 /64 and of a /8 takes no time', async (context) => {
  const ranges = [[{ subnet: 'fd00::/64' }], [{ subnet: '10.0.0.0/8' }]]
  const { add, leases } = network(context, { ranges })
  mkdirSync(leases)
  writeFileSync(join(leases, 'last_reserved_ip.0'), 'fd00::ffff:ffff:ffff:fffe')
  writeFileSync(join(leases, 'last_reserved_ip.1'), '10.255.255.254')
  const { output } = await add()
  assert.deepEqual(output, {
    cniVersion: '1.1.0',
    ips: [
      { address: 'fd00::ffff:ffff:ffff:ffff/64', gateway: 'fd00::1' },
      { address: '10.0.0.2/8', gateway: '10.0.0.1' },
    ],
  })
  assert.equal(JSON.stringify((await add({ containerId: 'c2' })).output).includes('"fd00::2/64"'), true)
})

test('DEL and CHECK make no directory', async (context) => {
  const { del, check, leases } = network(context, { subnet: '10.9.0.0/24' })
  assert.deepEqual(await del(), { status: 0, output: undefined })
  assert.deepEqual(await check(), error('host-local: Failed to find address added by container c1'))
  assert.equal(existsSync(leases), false)
})

test('a stop that is asked for while others have the leases locked ends the wait', async (context) => {
  const { add, leases } = network(context, { subnet: '10.9.0.0/24' })
  await add()
  using _lock = await lockFile(join(leases, 'lock'))
  const { hostLocal } = await import('../../../src/ipam/host-local/index.ts')
  const stop = AbortSignal.timeout(20)
  const request = {
    config: { ipam: { subnet: '10.9.0.0/24', dataDir: join(leases, '..') } },
    name: 'net',
    containerId: 'c2',
    ifName: 'eth0',
    args: '',
    signal: stop,
  }
  const rest = { command: 'ADD', netns: '', path: [], hostNetns: '', env: {}, cniVersion: '1.1.0', stdin: '' } as const
  const add2 = hostLocal.add?.({
    ...request,
    ...rest,
    shared: new Shared(),
    warn: () => {},
    delegate: async () => undefined,
  })
  await assert.rejects(add2 ?? Promise.resolve(), { name: 'TimeoutError' })
})

test('a network whose name no directory can have keeps its leases under a shortened name', async (context) => {
  const name = 'n'.repeat(300)
  const { leases, add, check, del } = network(context, { ranges: [[{ subnet: '10.9.0.0/29' }]] }, { name })
  for (const call of [add, check, del, del]) assert.equal((await call()).status, 0)
  const [directory = ''] = readdirSync(dirname(leases))
  assert.match(directory, /^n{238}-[0-9a-f]{16}$/)
})
