/** Something that somebody does by hand to what ADD has made. */
export interface Damage {
  /** Of the state that follows: `down`. */
  readonly state: string
  /** A shell script that does it on the host. */
  readonly script: string
  /** A shell script that takes it back. Where that is not all, the container has to be attached again. */
  readonly undo?: string
  /** What the error of CHECK has to name. */
  readonly object: string
}

interface Fact {
  /** Words before a command that run it in the namespace of the fact. */
  readonly run: string
  readonly isHosts: boolean
  readonly value: string
  /** What the groups of the pattern have found. */
  readonly parts: readonly string[]
}

type Kind = readonly [pattern: RegExp, damages: (fact: Fact) => Damage[]]

const foreignMac = '02:00:00:00:00:77'

/** What can be done to a link and to what is set of it. */
const ofLinks: readonly Kind[] = [
  [
    /^link (\S+): flags$/,
    ({ run, parts: [link = ''] }) => [{ state: 'down', script: `${run}ip link set ${link} down`, object: link }],
  ],
  [
    /^link (\S+): linkinfo: info_data: vlan_filtering$/,
    ({ run, parts: [link = ''] }) => {
      const set = (state: string) => `${run}ip link set ${link} promisc ${state}`
      return [{ state: 'promiscuous', script: set('on'), undo: set('off'), object: link }]
    },
  ],
  [
    /^link (\S+): (address|mtu|group|linkinfo: info_data: mode)$/,
    ({ run, value, parts: [link = '', key = ''] }) => {
      if (value === 'passthru') return [notInPassthru(run, link)]
      const words: Record<string, [set: string, other: string]> = {
        address: ['address', foreignMac],
        mtu: ['mtu', '1300'],
        group: ['group', '77'],
      }
      const [set, other] = words[key] ?? ['type macvlan mode', 'private']
      const change = (text: string) => `${run}ip link set ${link} ${set} ${text}`
      return [{ state: 'another one', script: change(other), undo: change(value), object: link }]
    },
  ],
  [
    /^link (\S+): linkinfo: info_kind$/,
    ({ run, value, parts: [link = ''] }) => {
      const remove = `${run}ip link delete ${link}`
      // The ends of a pair go together: the error may name either.
      const object = value === 'veth' ? 'eth0' : link
      return [
        { state: 'deleted', script: remove, object },
        { state: 'another kind', script: `${remove}; ${run}ip link add ${link} type ifb`, undo: remove, object },
      ]
    },
  ],
  [
    /^link (\S+): master$/,
    ({ run, value, parts: [link = ''] }) => {
      const back = `${run}ip link set ${link} master ${value}`
      return [
        { state: 'none', script: `${run}ip link set ${link} nomaster`, undo: back, object: value },
        {
          state: 'another one',
          script: `${run}ip link add other type bridge; ${run}ip link set ${link} master other`,
          undo: `${back}; ${run}ip link delete other`,
          object: value,
        },
      ]
    },
  ],
  [
    /^link (\S+): linkinfo: info_slave_data: (hairpin|isolated)$/,
    ({ run, value, parts: [link = '', flag = ''] }) => {
      const [is, other] = value === 'true' ? ['on', 'off'] : ['off', 'on']
      const set = (state: string) => `${run}ip link set ${link} type bridge_slave ${flag} ${state}`
      return [{ state: other, script: set(other), undo: set(is), object: link }]
    },
  ],
]

/** The kernel lets no link leave this mode: another one has its name and hardware address. */
function notInPassthru(run: string, link: string): Damage {
  const mac = `$(${run}ip -json link show ${link} | sed 's/.*"address":"\\([^"]*\\)".*/\\1/')`
  const add = `ip link add link alone address $mac name passed type macvlan mode private; ip link set passed netns c1 name ${link}`
  return { state: 'another one', script: `mac=${mac}; ${run}ip link delete ${link}; ${add}`, object: link }
}

const ofAddresses: readonly Kind[] = [
  [
    /^link (\S+): address local (\S+) prefixlen (\d+)$/,
    ({ run, parts: [link = '', address = '', length = ''] }) => {
      const change = (verb: string, prefix: number) => `${run}ip address ${verb} ${address}/${prefix} dev ${link}`
      const remove = change('delete', Number(length))
      return [
        { state: 'deleted', script: remove, object: address },
        {
          state: 'of another network',
          script: `${remove}; ${change('add', Number(length) - 1)}`,
          undo: change('delete', Number(length) - 1),
          object: address,
        },
      ]
    },
  ],
  [
    /^route type unicast dst (\S+) (?:gateway (\S+) )?dev (\S+) table (\S+)(?: metric (\d+))?$/,
    ({ run, isHosts, value, parts: [dst = '', gateway, link = '', table = '', metric] }) => {
      const version = (gateway ?? dst).includes(':') ? 6 : 4
      const command = `${run}ip -${version} route`
      const preference = `${metric === undefined ? '' : ` metric ${metric}`} table ${table}`
      const remove = `${command} delete ${dst} dev ${link}${preference}`
      const discard = `blackhole ${dst}${preference}`
      const anywhere = version === 4 ? '0.0.0.0' : '::'
      const { protocol, scope, prefsrc } = JSON.parse(value)
      const words = { via: gateway, metric, table, proto: protocol, src: prefsrc, ...(version === 4 && { scope }) }
      const given = Object.entries(words).flatMap(([word, text]) => (text === undefined ? [] : [word, text]))
      const back = `${command} add ${dst} dev ${link} ${given.join(' ')}`
      const object = isHosts ? link : dst === 'default' ? anywhere : dst
      return [
        { state: 'deleted', script: remove, undo: back, object },
        {
          state: 'leading nowhere',
          script: `${remove}; ${command} add ${discard}`,
          undo: `${command} delete ${discard}; ${back}`,
          object,
        },
      ]
    },
  ],
]

const ofRules: readonly Kind[] = [
  [
    /^rule (\{.*\})$/,
    ({ run, parts: [json = ''] }) => {
      const { priority, src, table, protocol } = JSON.parse(json)
      const command = `${run}ip -${src.includes(':') ? 6 : 4} rule`
      const rule = `from ${src} lookup ${table} priority ${priority}`
      return [
        {
          state: 'deleted',
          script: `${command} delete ${rule}`,
          undo: `${command} add ${rule} protocol ${protocol}`,
          object: src,
        },
      ]
    },
  ],
]

const ofFiles: readonly Kind[] = [
  [
    /^sysctl ((?:\S+\/)?(?:ip_forward|forwarding|accept_ra|accept_dad|arp_notify|disable_ipv6|ndisc_notify|route_localnet))$/,
    ({ run, value, parts: [name = ''] }) => {
      const write = (text: string) => `${run}sh -c 'echo ${text} >/proc/sys/net/${name}'`
      // To keep IPv6 off is one way to hear no router.
      const object = `net.${name.replace('disable_ipv6', 'accept_ra').replaceAll('/', '.')}`
      return [{ state: 'switched', script: write(value === '0' ? '1' : '0'), undo: write(value), object }]
    },
  ],
  [
    /^(\/var\/lib\/cni\/networks\/[^/]+)\/([\da-f]*[.:][\da-f.:]*)$/,
    ({ parts: [folder = '', address = ''] }) => {
      const file = `${folder}/${address}`
      const other = `printf 'other\\r\\neth0' >${file}`
      return [
        { state: 'deleted', script: `rm ${file}`, object: address },
        { state: "another container's", script: other, undo: `rm ${file}`, object: address },
      ]
    },
  ],
]

const ofIptables: readonly Kind[] = [
  [
    /^(ip6?tables) (\S+) -A (\S+) (.*)$/,
    ({ run, parts: [tool = '', table = '', chain = '', rule = ''] }) => {
      // Of a rule for an address, the reference's text does not say the chain.
      const [, address = chain] = chain === 'CNI-FORWARD' ? (/-[sd] (\S+)/.exec(rule) ?? []) : []
      return [{ state: 'deleted', script: `${run}${tool} -t ${table} -D ${chain} ${rule}`, object: address }]
    },
  ],
  [
    /^(ip6?tables) (\S+) :(\S+) -$/,
    ({ run, parts: [tool = '', table = '', chain = ''] }) => [
      { state: 'emptied', script: `${run}${tool} -t ${table} -F ${chain}`, object: chain },
    ],
  ],
]

const ofNftables: readonly Kind[] = [
  [
    /^nft family (\S+) table (\S+)$/,
    ({ run, parts: [family = '', table = ''] }) => [
      { state: 'deleted', script: `${run}nft delete table ${family} ${table}`, object: `${family} ${table}` },
    ],
  ],
  [
    /^nft family (\S+) table (\S+) chain (\S+)$/,
    ({ run, value, parts: [family = '', table = '', chain = ''] }) => {
      const [flush, where] = [`${run}nft flush chain`, `${family} ${table} ${chain}`]
      const policy = `${run}nft 'add chain ${where} { policy drop; }'`
      return [
        { state: 'emptied', script: `${flush} ${where}`, object: chain },
        // The policy of others is that of the administrator.
        ...(/^(?:masquerade|portmap)/.test(chain) && value.includes('"hook"')
          ? [{ state: 'closed', script: policy, object: chain }]
          : []),
      ]
    },
  ],
  [
    /^nft family (\S+) table (\S+) chain (\S+) (\{.*\})(?: \(\d+\))?$/,
    ({ run, parts: [family = '', table = '', chain = '', rule = ''] }) => {
      const where = `${family} ${table} ${chain}`
      return [
        { state: 'deleted', script: ofRule(run, { verb: 'delete', where, rule }), object: chain },
        { state: 'another one', script: ofRule(run, { verb: 'replace', where, rule, by: 'continue' }), object: chain },
      ]
    },
  ],
  [
    /^nft family (\S+) table (\S+) (set|map) (\S+) element (.*)$/,
    ({ run, parts: [family = '', table = '', kind = '', name = '', json = ''] }) => {
      const [key, data] = kind === 'map' ? JSON.parse(json) : [JSON.parse(json), undefined]
      const plain = typeof key === 'object' && 'elem' in key ? key.elem.val : key
      const change = (verb: string, element: unknown) => {
        const commands = [{ [verb]: { element: { family, table, name, elem: [element] } } }]
        return `${run}nft -j -f - <<'END'\n${JSON.stringify({ nftables: commands })}\nEND\n`
      }
      const remove = change('delete', plain)
      const marked = { elem: { val: plain, comment: 'of somebody else' } }
      const add = change('add', data === undefined ? marked : [marked, data])
      return [
        { state: 'deleted', script: remove, object: name },
        ...(plain === key ? [] : [{ state: "somebody else's", script: `${remove}${add}`, undo: remove, object: name }]),
      ]
    },
  ],
]

/** A rule of a chain is known by what it says; nft wants its handle. */
function ofRule(
  run: string,
  { verb, where, rule, by = '' }: { verb: string; where: string; rule: string; by?: string },
): string {
  const program = `
    const rules = JSON.parse(require("fs").readFileSync(0)).nftables.flatMap(({ rule }) => rule ?? [])
    const text = ({ family, table, chain, handle, ...rest }) => JSON.stringify([family, table, chain, rest])
    console.log(rules.find((rule) => text(rule) === process.argv[1]).handle)`
  const known = `[${where
    .split(' ')
    .map((word) => `"${word}"`)
    .join(',')},${rule}]`
  const handle = `$(${run}nft -json --stateless list ruleset | node -e '${program}' '${known}')`
  return `${run}nft ${verb} rule ${where} handle "${handle}" ${by}`
}

const ofTraffic: readonly Kind[] = [
  [
    /^filter (\S+) in .*"to_dev":"([^"]*)"/,
    ({ run, parts: [link = '', target = ''] }) => [
      { state: 'deleted', script: `${run}tc filter del dev ${link} ingress`, object: target },
    ],
  ],
]

const kinds = [...ofTraffic, ...ofRules, ...ofLinks, ...ofAddresses, ...ofFiles, ...ofIptables, ...ofNftables]

/** What can be done to a thing of a machine, by its name and value as `factsOf` gives them. */
export function damagesTo(name: string, value: string): Damage[] {
  const [, place = '', rest = ''] = /^(\S+): (.*)$/s.exec(name) ?? []
  const run = /^(?:host|files)$/.test(place) ? '' : `nsenter --net=/run/netns/${place} `
  return kinds.flatMap(([pattern, damages]) => {
    const parts = pattern.exec(rest)?.slice(1)
    return parts ? damages({ run, isHosts: place === 'host', value, parts }) : []
  })
}
