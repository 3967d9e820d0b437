import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type NamespaceState, settledState } from './network-state.ts'
import type { Json, JsonObject } from './witness.ts'
import type { World } from './world.ts'

/**
 * All that is to be seen of a machine, each thing by a name that says where it is: `c1: link eth0: mtu` → `1500`. What nothing
 * can change twice, a rule or an element of a set, is a name without a value.
 */
export type Facts = ReadonlyMap<string, string>

/**
 * Everything in the network of the host and of each container, and every file in /run and /var/lib, once the kernel has settled.
 * Left out are clocks, counters and neighbours that the kernel has heard of by chance.
 */
export function factsOf(world: World): Facts {
  const facts = new Map<string, string>()
  const { namespaces } = settledState(world)
  for (const [place, state] of Object.entries(namespaces)) noteNamespace(noteIn(facts, place), state)
  noteFilters(facts, world)
  for (const folder of ['/run', '/var/lib']) noteFiles(noteIn(facts, 'files'), world, folder)
  return facts
}

/** What is other than before, a line each: `+ NAME: VALUE`, `- NAME: VALUE`, or `~ NAME: BEFORE → AFTER`; sorted by name. */
export function changes(before: Facts, after: Facts): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)]
    if (was === is) return []
    if (was === undefined) return [`+ ${name}: ${is}`]
    return [is === undefined ? `- ${name}: ${was}` : `~ ${name}: ${was} → ${is}`]
  })
}

type Note = (name: string, value?: Json) => void

function noteIn(facts: Map<string, string>, place: string): Note {
  return (name, value = '') => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    // Some things can be there twice, as rules that are the same.
    let key = `${place}: ${name}`
    for (let count = 2; facts.has(key); count++) key = `${place}: ${name} (${count})`
    facts.set(key, text)
  }
}

/** Clocks; lists that have names of their own; and what the kernel counts or takes notice of when it comes to it. */
const unsteadyOfLinks =
  /^(?:addr_info|stats\d*|operstate|promiscuity|allmulti|.*_timer|root_\w+|bridge_id|topology_\w+)$/

function noteNamespace(note: Note, { links, routes, rules, neighbours, sysctls }: NamespaceState): void {
  for (const link of links) noteLink(note, link)
  for (const { dst, dev, table, metric, family, type, gateway, flags: _, ...rest } of routes)
    note(`route ${words({ type, dst, gateway, dev, table, metric, family })}`, rest)
  for (const rule of rules) note(`rule ${JSON.stringify(rule)}`)
  for (const { dst, dev, state, lladdr } of neighbours)
    if (Array.isArray(state) && state.includes('PERMANENT')) note(`neighbour ${words({ dst, dev })}`, lladdr)
  for (const [name, value] of Object.entries(sysctls)) note(`sysctl ${name}`, value)
}

function noteLink(note: Note, { ifname, flags, addr_info: addresses, ...link }: JsonObject): void {
  const steady = (Array.isArray(flags) ? flags : []).filter((flag) => flag !== 'NO-CARRIER' && flag !== 'LOWER_UP')
  note(`link ${ifname}: flags`, steady)
  noteBranches(note, `link ${ifname}`, link)
  for (const address of Array.isArray(addresses) ? (addresses as JsonObject[]) : []) {
    const { family, local, prefixlen, ...rest } = address
    if (family !== undefined) note(`link ${ifname}: address ${words({ local, prefixlen })}`, lasting(rest))
  }
}

/** An address of a router's announcement has seconds that run. */
function lasting({ valid_life_time: _, preferred_life_time: __, ...address }: JsonObject): JsonObject {
  return address
}

function noteBranches(note: Note, path: string, branch: JsonObject): void {
  for (const [key, value] of Object.entries(branch)) {
    if (unsteadyOfLinks.test(key)) continue
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      noteBranches(note, `${path}: ${key}`, value)
    else note(`${path}: ${key}`, value)
  }
}

function words(parts: Readonly<Record<string, Json | undefined>>): string {
  return Object.entries(parts)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`]))
    .join(' ')
}

/** Shows what {@link settledState} does not, a kind of thing in a line each, and what iptables has in lines of its own. */
const showRest = `
  # Where there is nothing, some programs print nothing.
  one() { printf '%s ' "$1"; shift; printf '%s' "$("$@" | tr -d '\\n')"; echo; }
  one forwarding bridge -json fdb show
  one vlan bridge -json vlan show
  one queueing tc -json qdisc show
  tc qdisc show | sed -n 's/^qdisc \\(ingress\\|clsact\\) .* dev \\([^ ]*\\).*/\\2/p' | while read -r device; do
    one "filter $device in" tc -json filter show dev "$device" ingress
    one "filter $device out" tc -json filter show dev "$device" egress
  done
  one nft nft -json --stateless list ruleset
  iptables-save | sed -n 's/^[*:-]/iptables &/p'
  ip6tables-save | sed -n 's/^[*:-]/ip6tables &/p'`

const programs = ['bridge', 'tc', 'nft', 'iptables-save', 'ip6tables-save']

const showEverywhere = `
set -e
command -v ${programs.join(' ')} >/dev/null
echo '== host'
(eval "$SHOW")
for path in /run/netns/*; do
  echo "== \${path##*/}"
  nsenter --net="$path" sh -c "$SHOW"
done`

function noteFilters(facts: Map<string, string>, world: World): void {
  const { status, stdout, stderr } = world.run(['sh', '-c', showEverywhere], {
    env: { ...process.env, SHOW: showRest },
  })
  if (status !== 0) throw new Error(`Cannot show the filters of a machine: ${stderr}`)
  for (const section of stdout.split(/^== /m).slice(1)) {
    const [place = '', ...lines] = section.split('\n')
    const note = noteIn(facts, place)
    let table = ''
    for (const line of lines) {
      table = /^ip6?tables \*(.*)/.exec(line)?.[1] ?? table
      noteLine(note, line, table)
    }
  }
}

function noteLine(note: Note, line: string, table: string): void {
  const [, tool, text = ''] = /^(ip6?tables) (.*)/.exec(line) ?? []
  if (tool !== undefined) {
    // A chain is shown with counters.
    if (!text.startsWith('*')) note(`${tool} ${table} ${text.replace(/ \[\d+:\d+\]$/, '')}`)
    return
  }
  const [, what = '', json = ''] = /^(\w+(?: \S+ \w+)?) ([[{].*)/.exec(line) ?? []
  if (json === '') return
  const rows: JsonObject[] = what === 'nft' ? JSON.parse(json).nftables : JSON.parse(json)
  for (const row of rows) {
    if (what === 'nft') noteNftables(note, row)
    else if (what === 'forwarding') noteForwarding(note, row)
    else note(`${what} ${JSON.stringify(row)}`)
  }
}

/** What the bridge has learnt is there by chance. */
function noteForwarding(note: Note, { state, ...entry }: JsonObject): void {
  if (state === 'permanent' || state === 'static') note(`forwarding ${JSON.stringify(entry)}`, state)
}

/** Handles are numbers that the kernel counts up. */
function noteNftables(note: Note, row: JsonObject): void {
  for (const [kind, object] of Object.entries(row)) {
    if (kind === 'metainfo' || typeof object !== 'object' || object === null || Array.isArray(object)) continue
    const { family, table, name, chain, handle: _, elem: elements, ...rest } = object
    const path = words({ family, table, chain, [kind]: name })
    if (kind === 'rule') note(`nft ${path} ${JSON.stringify(rest)}`)
    else note(`nft ${path}`, rest)
    for (const element of Array.isArray(elements) ? elements : [])
      note(`nft ${path} element ${JSON.stringify(element)}`)
  }
}

/** host-local goes on from there: the address that it gave out last. */
const isCounter = /\/last_reserved_ip\.\d+$/

/** Notes files by path, those of other file systems only by their names: they are the test's own. */
function noteFiles(note: Note, world: World, folder: string): void {
  const root = world.path(folder)
  const { dev } = lstatSync(root)
  for (const name of readdirSync(root)) {
    const path = join(folder, name)
    const file = world.path(path)
    const { dev: own, mode } = lstatSync(file)
    const kind = kinds.find(([bits]) => (mode & S_IFMT) === bits)?.[1] ?? 'device'
    const rights = (mode & 0o7777).toString(8)
    if (own !== dev) note(path, `${kind} of another file system`)
    else if (kind === 'folder') {
      note(path, `${kind} ${rights}`)
      noteFiles(note, world, path)
    } else if (kind === 'file')
      note(path, `${kind} ${rights} ${isCounter.test(path) ? '' : readFileSync(file, 'utf8')}`)
    else note(path, kind === 'link' ? `${kind} ${readlinkSync(file)}` : `${kind} ${rights}`)
  }
}

/** `<linux/stat.h>` */
const S_IFMT = 0o170_000
const kinds = [
  [0o040_000, 'folder'],
  [0o100_000, 'file'],
  [0o120_000, 'link'],
  [0o140_000, 'socket'],
  [0o010_000, 'pipe'],
] as const
