/** A network to attach containers to: what its plugin is given, for the `lane`th implementation. */
export interface Case {
  readonly plugin: string
  config(lane: number): Record<string, unknown>
}

function ipam(lane: number): Record<string, unknown> {
  return { type: 'host-local', dataDir: `/run/leases${lane}`, ranges: [[{ subnet: `10.${lane + 10}.0.0/16` }]] }
}

/** Every implementation has its own network, so that neither finds what the other left. */
export const cases: readonly Case[] = [
  {
    plugin: 'bridge',
    config: (lane) => ({ type: 'bridge', bridge: `br${lane}`, isDefaultGateway: true, ipam: ipam(lane) }),
  },
  { plugin: 'ptp', config: (lane) => ({ type: 'ptp', ipam: ipam(lane) }) },
  { plugin: 'macvlan', config: (lane) => ({ type: 'macvlan', master: 'uplink', ipam: ipam(lane) }) },
]

/** A directory of plugins under a name. */
export interface Implementation {
  readonly name: string
  readonly directory: string
}

/**
 * A script that attaches and detaches `rounds` containers of every case with every implementation, one after the other
 * in each round, and prints `PLUGIN IMPLEMENTATION COMMAND MICROSECONDS` for each call. Bash measures, since it starts
 * a process quicker than this one does.
 */
export function benchScript(implementations: readonly Implementation[], rounds: number): string {
  const calls = cases.map(({ plugin }) => callsOf(plugin, implementations))
  return `set -eu
ip link set lo up
ip link add uplink type veth peer name downlink
ip link set uplink up
mkdir -p /run/netns
export CNI_IFNAME=eth0
call() { # plugin, implementation, directory, command, container
  export CNI_PATH=$3 CNI_COMMAND=$4 CNI_CONTAINERID=$5 CNI_NETNS=/run/netns/$5
  local start=$EPOCHREALTIME status=0
  "$3/$1" </run/$1-$2.json >/run/answer || status=$?
  local end=$EPOCHREALTIME
  if [ $status != 0 ]; then cat /run/answer >&2; exit 1; fi
  echo "$1 $2 $4 $(( (10#\${end/./} - 10#\${start/./}) ))"
}
round() { # number
${calls.join('\n')}
}
${cases.map(({ plugin, config }) => configFiles(plugin, config, implementations)).join('\n')}
round warm >/dev/null
for number in $(seq ${rounds}); do round $number; done
`
}

function callsOf(plugin: string, implementations: readonly Implementation[]): string {
  return ['ADD', 'DEL']
    .flatMap((command) =>
      implementations.map(({ name, directory }) => {
        const container = `${plugin}-${name}-$1`
        const prepare = command === 'ADD' ? `  ip netns add ${container}\n` : ''
        const remove = command === 'DEL' ? `\n  ip netns delete ${container}` : ''
        return `${prepare}  call ${plugin} ${name} '${directory}' ${command} ${container}${remove}`
      }),
    )
    .join('\n')
}

function configFiles(plugin: string, config: Case['config'], implementations: readonly Implementation[]): string {
  return implementations
    .map(({ name }, lane) => {
      const json = JSON.stringify({ cniVersion: '1.1.0', name: `bench${lane}`, ...config(lane) })
      return `echo '${json}' >/run/${plugin}-${name}.json`
    })
    .join('\n')
}
