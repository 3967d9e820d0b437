import assert from 'node:assert/strict'
import { test } from 'node:test'
import { executables } from '../lab/daemon-lab.ts'
import { type Damage, damagesTo } from '../lab/damages.ts'
import { changes, type Facts, factsOf } from '../lab/machine-facts.ts'
import { ListCaller, type NetworkList, networkLists, prepareHost } from '../lab/network-lists.ts'
import { notLookedAt } from '../lab/not-looked-at.ts'
import { sampleOf, seed } from '../lab/sample.ts'
import { World } from '../lab/world.ts'

const to = { container: 'c1', ifName: 'eth0' }
/** How many damages of a list a run does; `PATCHBAY_TEST_WHOLE` has it do all of them. */
const SAMPLE = 2

interface Case extends Damage {
  readonly fact: string
}

class Attached implements Disposable {
  readonly world: World
  readonly caller: ListCaller
  readonly before: Facts
  readonly after: Facts
  readonly #list: NetworkList

  private constructor(world: World, list: NetworkList) {
    this.world = world
    this.#list = list
    this.world.shell(prepareHost)
    this.before = factsOf(world)
    this.caller = new ListCaller(world, list)
    this.add()
    this.after = factsOf(world)
  }

  static async open(list: NetworkList): Promise<Attached> {
    return new Attached(await World.open({ containers: ['c1'], containerDad: false }), list)
  }

  /** What ADD has added or changed, by name. */
  get made(): [fact: string, value: string][] {
    return [...this.after].filter(([fact, value]) => this.before.get(fact) !== value)
  }

  add(): void {
    const { status, stdout } = this.caller.add(to)
    assert.equal(status, 0, stdout)
  }

  /** host-local gives the same addresses again. */
  attachAgain(): void {
    this.caller.del(to)
    this.world.shell('rm -f /var/lib/cni/networks/net/last_reserved_ip.*')
    this.add()
  }

  /** As a runtime that remembers the attachment. */
  repair(): void {
    const config = JSON.stringify({ cniVersion: '1.1.0', name: 'net', plugins: this.#list.plugins })
    const attachment = { kind: 'cniCacheV1', containerId: to.container, ifName: to.ifName, networkName: 'net' }
    const known = { config: Buffer.from(config).toString('base64'), capabilityArgs: this.#list.capabilityArgs }
    const netns = `/run/netns/${to.container}`
    const entry = JSON.stringify({ ...attachment, ...known, netns, result: this.caller.result })
    const folder = '/run/cache/results'
    this.world.shell(`mkdir -p ${folder}; cat >${folder}/net-c1-eth0 <<'END'\n${entry}\nEND`)
    const { stdout, status } = this.world.run([`${executables}/patchbay`, 'repair', '--cache-dir', '/run/cache'])
    assert.equal(status, 0, stdout)
    this.world.shell('rm -r /run/cache')
  }

  /** What CHECK says, on one line; nothing when all is well. */
  check(): string {
    const { status, stdout } = this.caller.check(to)
    return status === 0 ? '' : Object.values(JSON.parse(stdout)).join(' ')
  }

  [Symbol.dispose](): void {
    this.world[Symbol.dispose]()
  }
}

const seen = new Set<RegExp>()
let lists = 0

function isLookedAt([fact, is]: readonly [fact: string, value: string]): boolean {
  const entries = notLookedAt.filter(([facts, , value]) => facts.test(fact) && (value === undefined || value === is))
  for (const [facts] of entries) seen.add(facts)
  return entries.length === 0
}

/** What each ADD has of its own, counted up or made up by the kernel; and a damage that nobody takes back. */
const isNew =
  /: (?:ifindex|link_index|address): |fe80|: forwarding |"nodad":true|\/run\/cni\/tuning\/|\[\{"continue":null\}\]/

/** Does a damage, and then what the error of CHECK says. */
function problemsWith(attached: Attached, { fact, state, script, undo, object }: Case): string[] {
  const what = `${fact}: ${state}`
  attached.world.shell(script)
  const said = attached.check()
  if (undo !== undefined) attached.world.shell(undo)
  else if (said.includes('run "patchbay repair"')) attached.repair()
  if (attached.check() !== '' && !said.includes('attach the container again'))
    return [`${what}, CHECK says: ${said}; and then: ${attached.check()}`]
  if (attached.check() !== '') attached.attachAgain()
  const stays = attached.check()
  if (stays !== '') return [`${what}, and attached again: ${stays}`]
  if (said === '') return [`${what}: CHECK finds nothing`]
  return said.includes(object) && remedy.test(said)
    ? []
    : [`${what}: CHECK does not name "${object}" and what to do: ${said}`]
}

/** What somebody else may set, and CHECK accepts. */
const isFree = /: (?:mtu|group)$|\/(?:arp|ndisc)_notify$/

function refused(attached: Attached, { fact, state, script, undo = 'false' }: Case): string[] {
  attached.world.shell(script)
  const said = attached.check()
  attached.world.shell(undo)
  return said === '' ? [] : [`${fact}: ${state}: CHECK minds: ${said}`]
}

function casesOf(facts: readonly (readonly [fact: string, value: string])[]): Case[] {
  return facts.flatMap(([fact, value]) => damagesTo(fact, value).map((each) => ({ ...each, fact })))
}

const remedy = /attach the container again|run "patchbay repair"|set it back|add it: ip route add/

for (const [name, list] of Object.entries(networkLists))
  test(`${name}: CHECK finds what somebody has changed, and says what and what to do (seed ${seed})`, async () => {
    using attached = await Attached.open(list)
    lists++
    assert.equal(attached.check(), '')
    const looked = attached.made.filter(isLookedAt)
    const undecided = looked.filter(([fact, value]) => damagesTo(fact, value).length === 0)
    assert.deepEqual(undecided, [])
    const problems = sampleOf(casesOf(looked), SAMPLE).flatMap((each) => problemsWith(attached, each))
    // "tuning" checks what it has set.
    const free = attached.made.filter(([fact]) => isFree.test(fact) && !name.includes('tuning'))
    problems.push(...sampleOf(casesOf(free), 1).flatMap((each) => refused(attached, each)))
    assert.deepEqual(problems, [])
    assert.deepEqual(
      changes(attached.after, factsOf(attached.world)).filter((line) => !isNew.test(line)),
      [],
    )
  })

test('bridge without IPAM: CHECK does not mind that the bridge has the hardware address of another port', async () => {
  const plain = networkLists['bridge without IPAM']
  assert.ok(plain)
  using attached = await Attached.open(plain)
  const mac = '02:00:00:00:00:01'
  attached.world.shell(`ip link add p0 address ${mac} type veth peer p1; ip link set p0 master b0`)
  assert.match(attached.world.shell('ip link show b0'), new RegExp(mac))
  assert.equal(attached.check(), '')
})

test('each thing that CHECK does not look at is one that ADD changes', () => {
  // By a part of the lists nobody can tell.
  if (lists < Object.keys(networkLists).length) return
  const dead = notLookedAt.filter(([facts]) => !seen.has(facts))
  assert.deepEqual(dead, [])
})
