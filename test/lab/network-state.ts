import type { Json, JsonObject } from './witness.ts'
import type { World } from './world.ts'

/** The network of one namespace as `ip` and the kernel's files show it. */
export interface NamespaceState {
  readonly [part: string]: Json
  readonly links: JsonObject[]
  readonly routes: JsonObject[]
  readonly rules: JsonObject[]
  readonly neighbours: JsonObject[]
  readonly sysctls: JsonObject
}

/** Everything that a plugin can have changed: the network of the host and of each container, and the files it keeps. */
export interface NetworkState {
  readonly namespaces: Readonly<Record<string, NamespaceState>>
  readonly vlans: Json
  readonly nftables: string
  readonly files: JsonObject
}

/** Shows one namespace; the parts are told apart by lines that nothing else prints. */
const showNamespace = `
  printf 'address show\\nroute show table all\\nneighbour show\\nrule show\\n' | ip -json -details -batch -
  ip -6 -json rule show
  cd /proc/sys/net
  echo '== sysctls'
  grep -HZs '' ipv4/ip_forward ipv4/conf/*/* ipv6/conf/*/* bridge/* || true`

const script = `
show() {${showNamespace}
}
echo '== namespace host'
(show)
for path in /run/netns/*; do
  echo "== namespace \${path##*/}"
  nsenter --net="$path" sh -c "$SHOW"
done
echo '== vlans'
bridge -json vlan show
echo '== nftables'
if command -v nft >/dev/null; then nft list ruleset; fi
echo '== files'
grep -rHZsa '' /var/lib/cni || true`

/** How long the kernel may take to bring up what a plugin set up, in milliseconds: duplicate address detection. */
const limitMs = 5000

/** The state once the kernel has settled: carriers seen, no IPv6 address tentative. */
export function settledState(world: World): NetworkState {
  const deadline = performance.now() + limitMs
  for (;;) {
    const state = readState(world)
    if (isSettled(state) || performance.now() > deadline) return state
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

function readState(world: World): NetworkState {
  const { status, stdout, stderr } = world.run(['sh', '-c', script], { env: { ...process.env, SHOW: showNamespace } })
  if (status !== 0) throw new Error(`Cannot show the state of the network: ${stderr}`)
  const sections = sectionsOf(stdout)
  const namespaces = sections.flatMap(({ title, text }, index) => {
    const name = /^namespace (.*)/.exec(title)?.[1]
    return name === undefined ? [] : [[name, parseNamespace(text, sections[index + 1]?.text ?? '')] as const]
  })
  const find = (title: string) => sections.find((section) => section.title === title)?.text ?? ''
  return {
    namespaces: Object.fromEntries(namespaces),
    vlans: JSON.parse(find('vlans')),
    nftables: find('nftables'),
    files: parseLines(find('files')),
  }
}

function sectionsOf(output: string): { title: string; text: string }[] {
  return output
    .split(/^== /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n')
      return { title: section.slice(0, end), text: section.slice(end + 1) }
    })
}

function parseNamespace(text: string, sysctls: string): NamespaceState {
  const arrays = text.split('\n').filter((line) => line !== '')
  const [links = [], routes = [], neighbours = [], rules4 = [], rules6 = []] = arrays.map((line): JsonObject[] =>
    JSON.parse(line),
  )
  return { links, routes, rules: [...rules4, ...rules6], neighbours, sysctls: parseLines(sysctls) }
}

/** Lines as `grep -HZ` prints them, each behind its file and a NUL; the lines of one file together. */
function parseLines(text: string): JsonObject {
  const files: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const [file = '', content] = line.split('\0')
    if (content !== undefined) files[file] = file in files ? `${files[file]}\n${content}` : content
  }
  return files
}

function isSettled({ namespaces }: NetworkState): boolean {
  return Object.values(namespaces).every(({ links }) => links.every((link) => isUp(link) && !isTentative(link)))
}

/** A link with a carrier that the kernel has taken notice of, or none. */
function isUp({ flags, operstate }: JsonObject): boolean {
  const hasCarrier = Array.isArray(flags) && flags.includes('LOWER_UP')
  return !hasCarrier || operstate === 'UP' || operstate === 'UNKNOWN'
}

function isTentative({ addr_info: addresses }: JsonObject): boolean {
  return JSON.stringify(addresses ?? null).includes('"tentative"')
}
