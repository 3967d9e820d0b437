import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR, MAC } from '@patchbay/address'
import type { DNS, Result } from '@patchbay/cni/types'
import { configuredMtu } from '../../src/link/link-mtu.ts'
import { type AttachSteps, attach, type MadeLink, type Opened } from '../../src/main/attach.ts'
import { fakeRequest } from '../fake-request.ts'

/** Everything happens in the test's own namespace, which has an interface of the first name, and none of the second. */
const [TAKEN, FREE] = ['lo', 'nobody0']

interface Scene {
  ipamType?: string | undefined
  dns?: DNS
  ifName?: string
  cniVersion?: string
  mtu?: number
  first?: 'link' | 'addresses'
  preparesAfterLink?: boolean
  deterministicMac?: boolean
  /** What the IPAM plugin returns. */
  allocated?: Partial<Result>
  /** Steps that fail. */
  failing?: readonly string[]
}

const address = CIDR.parse('10.1.2.3/24')

/** What happens in an ADD, in its order, and its result; each step takes a moment, and the link three. */
async function run(scene: Scene): Promise<{ events: string[]; result: Result | undefined }> {
  const { dns, ifName = FREE, cniVersion = '1.1.0', allocated = {}, failing = [] } = scene
  const ipamType = 'ipamType' in scene ? scene.ipamType : 'host-local'
  const events: string[] = []
  const step = async (what: string, moments = 1) => {
    events.push(`${what} begins`)
    for (let moment = 0; moment < moments; moment++) await new Promise((resolve) => setImmediate(resolve))
    if (failing.includes(what)) throw new Error(`no ${what}`)
    events.push(`${what} is done`)
  }
  const delegate = async (type: string, command: string) => {
    await step(`${type} ${command}`)
    return { cniVersion: '1.1.0', ips: [{ address, interface: 7 }], ...allocated }
  }
  const request = fakeRequest({}, { netns: '/proc/self/ns/net', ifName, cniVersion })
  const begin = async (opened: Opened) => stepsOf(scene, { ...opened, events, step })
  try {
    const result = await attach({ ...request, delegate }, { ipamType, ...(dns && { dns }) }, begin)
    return { events, result }
  } catch (error) {
    return { events: [...events, String(error)], result: undefined }
  }
}

interface Stage extends Opened {
  events: string[]
  step: (what: string, moments?: number) => Promise<void>
}

function stepsOf(
  scene: Scene,
  { events, step, undo }: Stage,
): AttachSteps<MadeLink, { ips: Result['ips'] & {}; routes: [] }> {
  const { mtu = 0, first, preparesAfterLink = false, deterministicMac = false } = scene
  return {
    mtu: configuredMtu(mtu),
    macPolicy: { deterministicMac, requested: false },
    preparesAfterLink,
    ...(first && { first }),
    makeLink: async () => {
      await step('link', 3)
      undo.push('make link', () => void events.push('link is taken back'))
      return { index: 1, ifName: 'made', address: MAC.parse('02:00:00:00:00:01') }
    },
    prepare: async ({ ips }) => {
      events.push('prepared')
      return { ips, routes: [] }
    },
    configure: () => step('configure'),
    setUp: () => step('set up'),
    describe: (own) => {
      events.push('described')
      return [{ name: 'host-end' }, own]
    },
  }
}

const end = ['configure begins', 'configure is done', 'described']

test('attach() makes the link and allocates at once for an IPAM plugin that keeps books', async () => {
  for (const ipamType of ['host-local', 'host-local-ptp', 'static']) {
    const { events } = await run({ ipamType })
    assert.deepEqual(events.slice(0, 2), ['link begins', `${ipamType} ADD begins`])
    assert.deepEqual(new Set(events.slice(2, 5)), new Set([`${ipamType} ADD is done`, 'prepared', 'link is done']))
    assert.ok(events.indexOf('prepared') > events.indexOf(`${ipamType} ADD is done`))
    assert.deepEqual(events.slice(5), end)
  }
})

test('attach() prepares the network after the link where it has to', async () => {
  const { events } = await run({ preparesAfterLink: true })
  assert.deepEqual(events.slice(0, 2), ['link begins', 'host-local ADD begins'])
  assert.ok(events.indexOf('prepared') > events.indexOf('link is done'))
})

test('attach() does one after the other for any other IPAM plugin', async () => {
  const link = ['link begins', 'link is done']
  const addresses = ['dhcp ADD begins', 'dhcp ADD is done', 'prepared']
  assert.deepEqual((await run({ ipamType: 'dhcp' })).events, [...link, ...addresses, ...end])
  assert.deepEqual((await run({ ipamType: 'dhcp', first: 'addresses' })).events, [...addresses, ...link, ...end])
})

test('attach() allocates nothing for an interface whose name is taken', async () => {
  for (const ipamType of ['host-local', 'dhcp'])
    for (const first of ['link', 'addresses'] as const)
      for (const mtu of [0, 1000]) {
        const { events } = await run({ ipamType, first, mtu, ifName: TAKEN, failing: ['link'] })
        assert.deepEqual(events, ['link begins', 'Error: no link'])
      }
})

test('attach() waits for link and addresses, and leaves neither when one fails', async () => {
  const noLink = await run({ failing: ['link'] })
  assert.deepEqual(noLink.events.slice(-5), [
    'host-local ADD is done',
    'prepared',
    'host-local DEL begins',
    'host-local DEL is done',
    'Error: no link',
  ])
  const noAddress = await run({ failing: ['host-local ADD'] })
  assert.ok(noAddress.events.includes('link is done'))
  assert.deepEqual(noAddress.events.slice(-2), ['link is taken back', 'Error: no host-local ADD'])
})

test('attach() leaves nothing when a later step fails', async () => {
  const { events } = await run({ ipamType: 'dhcp', failing: ['configure'] })
  assert.deepEqual(events.slice(-5), [
    'configure begins',
    'dhcp DEL begins',
    'dhcp DEL is done',
    'link is taken back',
    'Error: no configure',
  ])
})

test('attach() makes no link that is too small for its addresses, when it can be known before', async () => {
  const allocated = { ips: [{ address: CIDR.parse('fd00::2/64') }] }
  const refusal =
    'CniError: Cannot use address fd00::2/64 on "nobody0": IPv6 needs an MTU of 1280, and it is 1279 (key "mtu")'
  const early = await run({ mtu: 1279, allocated })
  assert.deepEqual(
    early.events.filter((event) => !event.startsWith('host-local')),
    [refusal],
  )
  const late = await run({ ipamType: 'dhcp', mtu: 1279, allocated })
  assert.deepEqual(
    [late.events[0], late.events.at(-2), late.events.at(-1)],
    ['link begins', 'link is taken back', refusal],
  )
  assert.equal((await run({ mtu: 1279 })).events.filter((event) => event === 'host-local ADD begins').length, 1)
})

test('attach() sets an interface up without addresses, where the version has a result for it', async () => {
  const { events, result } = await run({ ipamType: undefined })
  assert.deepEqual(events, ['link begins', 'link is done', 'set up begins', 'set up is done', 'described'])
  assert.deepEqual(result?.ips, [])
  const early = await run({ ipamType: undefined, cniVersion: '0.2.0' })
  assert.match(early.events.join(), /^CniError: cannot convert: no valid IP addresses; /)
})

test("attach() lists the container's interface with its address, and all addresses as its own", async () => {
  const sandbox = '/proc/self/ns/net'
  const { result } = await run({ ifName: FREE })
  const mac = '02:00:00:00:00:01'
  assert.deepEqual(result?.interfaces, [{ name: 'host-end' }, { name: FREE, mac, sandbox }])
  assert.deepEqual(result?.ips, [{ address, interface: 1 }])
  const { result: given } = await run({ deterministicMac: true })
  assert.deepEqual(given?.interfaces?.[1], { name: FREE, mac: '0a:58:0a:01:02:03', sandbox })
})

test('attach() takes the resolver settings of the configuration, even an empty list', async () => {
  const fromIpam: DNS = { nameservers: ['1.1.1.1'] }
  const dnsOf = async (dns?: DNS, ipam?: DNS) =>
    (await run({ ...(dns && { dns }), allocated: ipam ? { dns: ipam } : {} })).result?.dns
  const says: DNS[] = [
    { nameservers: ['9.9.9.9'] },
    { nameservers: [] },
    { search: [] },
    { options: [] },
    { domain: 'a' },
  ]
  for (const configured of says) assert.deepEqual(await dnsOf(configured, fromIpam), configured)
  assert.deepEqual([await dnsOf(undefined, fromIpam), await dnsOf({}, fromIpam)], [fromIpam, fromIpam])
  assert.deepEqual([await dnsOf(), await dnsOf({})], [{}, {}])
})
