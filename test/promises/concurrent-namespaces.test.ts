import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { readSysctl, writeSysctl } from '@patchbay/linux/netns'
import { addAddress, addLink, deleteLink, getLink, openRouteSocket, setLink } from '@patchbay/linux/route'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip } from '../lab/witness.ts'

const NAMESPACES = 50
const OPERATIONS = 1000

/** Small numbers that look random, the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What a namespace must hold in the end. */
interface Expected {
  readonly links: Map<string, string>
  forwarding: string
}

/** One thing done to the namespace with that number, whose names and addresses all carry the number. */
async function operate(place: TestNamespace, index: number, expected: Expected, random: (below: number) => number) {
  const ifname = `n${index}x${random(4)}`
  const address = `10.${index}.${random(200)}.1/24`
  const kind = random(4)
  if (kind === 0) {
    expected.forwarding = String(random(2))
    const value = expected.forwarding
    writeSysctl(place.netns, 'net/ipv4/ip_forward', value)
    return assert.equal(readSysctl(place.netns, 'net/ipv4/ip_forward'), value)
  }
  if (expected.links.has(ifname)) {
    expected.links.delete(ifname)
    return deleteLink(place.socket, ifname)
  }
  expected.links.set(ifname, address)
  // A socket of its own now and then: opening one is what switches namespaces.
  using socket = openRouteSocket({ netns: place.netns })
  const link = await addLink(socket, { ifname, linkinfo: { link: { kind: 'bridge' } } })
  await addAddress(place.socket, { index: link.index, address: CIDR.parse(address) })
  await setLink(socket, link.index, { up: true })
  assert.equal((await getLink(place.socket, ifname)).index, link.index)
}

const names = Array.from({ length: NAMESPACES }, (_, index) => `n${index}`)

test(`${OPERATIONS} operations at once in ${NAMESPACES} namespaces stay in the namespaces they are meant for`, async () => {
  const seed = Date.now() & 0xffff
  const random = randomFrom(seed)
  const before = readlinkSync('/proc/self/ns/net')
  await withNamespaces(names, async (namespaces) => {
    const places = names.map((name) => namespaces[name] as TestNamespace)
    const expected = places.map((): Expected => ({ links: new Map(), forwarding: '0' }))
    // Those of one namespace follow each other; the namespaces run side by side.
    const queues = places.map(() => Promise.resolve())
    for (let count = 0; count < OPERATIONS; count++) {
      const index = random(NAMESPACES)
      const [place, wanted, queue] = [places[index], expected[index], queues[index]]
      if (place && wanted && queue) queues[index] = queue.then(() => operate(place, index, wanted, random))
    }
    await Promise.all(queues)
    for (const [index, place] of places.entries()) {
      const shown = ip(place, '-4', '-oneline', 'address', 'show')
      const found = [...shown.matchAll(/^\d+: (\S+) +inet (\S+)/gm)].map(([, name, address]) => [name, address])
      const wanted = [...(expected[index]?.links ?? [])]
      assert.deepEqual(found.sort(), wanted.sort(), `namespace ${index}, seed ${seed}`)
      assert.equal(readSysctl(place.netns, 'net/ipv4/ip_forward'), expected[index]?.forwarding, `seed ${seed}`)
    }
  })
  assert.equal(readlinkSync('/proc/self/ns/net'), before)
})
