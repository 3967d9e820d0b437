import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { after, before, test } from 'node:test'
import { bridgeConfig, DaemonLab, eventually, executables } from '../lab/daemon-lab.ts'
import { withoutUserNamespaces } from '../lab/user-namespaces.ts'

let lab: DaemonLab
before(async () => {
  lab = await DaemonLab.open(['c1', 'c2', 'h1', 'h2'])
})
after(() => lab[Symbol.dispose]())

/** How the daemon's figures changed by what a call did. */
function counted(work: () => void): { served: number; refused: number } {
  const before = lab.status()
  work()
  const now = lab.status()
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0)
  return { served: sum(now.finished) - sum(before.finished), refused: now.refused - before.refused }
}

const served = { served: 1, refused: 0 }
const refused = { served: 0, refused: 1 }
const unheard = { served: 0, refused: 0 }

/** The environment of a shim that finds no daemon. */
const alone = { PATCHBAY_SOCKET: '/nonexistent' }

test('the daemon attaches and detaches as the executable alone does', () => {
  const ways = [{}, alone].map((env) => {
    const add = lab.call('ADD', bridgeConfig(), { env })
    assert.equal(add.status, 0, add.stdout + add.stderr)
    const links = lab.world.shell('ip -br link | grep -c ^veth; ip -n c1 -br address show eth0 | cut -d@ -f1')
    const check = lab.call('CHECK', { ...bridgeConfig(), prevResult: JSON.parse(add.stdout) }, { env })
    const del = lab.call('DEL', bridgeConfig(), { env })
    const left = lab.world.shell('ip -br link | grep -c ^veth || true; ls /var/lib/cni/networks/n1')
    const stdout = add.stdout.replaceAll(/veth[0-9a-f]{8}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|10\.7\.0\.\d+\//g, '')
    return { stdout, links, check, del, left }
  })
  assert.deepEqual(ways[0], ways[1])
  assert.equal(lab.status().finished['ADD'], 1)
})

test('an ADD of which the runtime cannot hear is undone', () => {
  const gone = 'rm -f /run/gone; mkfifo /run/gone; : </run/gone & exec "$0" >/run/gone'
  for (const script of ['exec "$0" >/dev/full', gone, 'exec "$0" 1</dev/null']) {
    const { status, stderr } = lab.call('ADD', bridgeConfig(), { wrapper: ['sh', '-c', script] })
    assert.equal(status, 1)
    assert.match(stderr, /^Cannot write to standard output: E(NOSPC|PIPE|BADF): [a-z ]+\n$/)
    assert.equal(
      lab.world.shell(
        'ip -n c1 -br link show eth0 2>/dev/null || true; ls /var/lib/cni/networks/n1 | grep 10.7 || true',
      ),
      '',
    )
  }
})

test('what makes links runs on another processor than what answers', {
  skip: cpus().length < 2 && 'one processor',
}, () => {
  const [all = 0n, ...others] = processorsAfter('ADD')
  const kept = others.filter((mask) => mask !== all)
  assert.ok(kept.length > 0)
  for (const mask of kept) assert.equal(countBits(all & ~mask), 1)
  // Nobody goes on while a link is deleted.
  for (const mask of processorsAfter('DEL')) assert.equal(mask, all)
})

/** Where the daemon's threads may run once several containers have been attached, or detached; its main thread is the first. */
function processorsAfter(command: string): bigint[] {
  for (const ifName of ['eth1', 'eth2', 'eth3']) assert.equal(lab.call(command, bridgeConfig(), { ifName }).status, 0)
  const lines = lab.world.shell(`grep -h ^Cpus_allowed: /proc/${lab.pid}/task/*/status`).trim().split('\n')
  return lines.map((line) => BigInt(`0x${line.split('\t')[1]?.replaceAll(',', '')}`))
}

function countBits(mask: bigint): number {
  return mask.toString(2).replaceAll('0', '').length
}

test('errors are those of the executable alone', () => {
  const broken = ['', '{', '{"cniVersion":"9.9.9","name":"n"}', '{"cniVersion":"1.1.0"}', bridgeConfig({ vlan: -1 })]
  for (const config of broken) {
    const options = { env: {} }
    assert.deepEqual(
      counted(() => lab.call('ADD', config, options)),
      served,
    )
    assert.deepEqual(lab.call('ADD', config, options), lab.call('ADD', config, { env: alone }))
  }
  const unknown = [{ CNI_COMMAND: 'FETCH' }, { CNI_IFNAME: undefined }, { CNI_NETNS: '/run/netns/none' }]
  for (const env of unknown)
    assert.deepEqual(
      lab.call('ADD', bridgeConfig(), { env }),
      lab.call('ADD', bridgeConfig(), { env: { ...env, ...alone } }),
    )
})

test('VERSION and the about text need no daemon', () => {
  for (const env of [{}, alone]) {
    const version = lab.call('VERSION', '', { env })
    assert.equal(JSON.parse(version.stdout).cniVersion, '1.1.0')
  }
  assert.deepEqual(
    counted(() => lab.call('VERSION', '')),
    unheard,
  )
  assert.deepEqual(
    counted(() => lab.call('', '')),
    unheard,
  )
})

test('a configuration of several megabytes arrives, and a longer one than the daemon takes is read without it', () => {
  const config = (size: number) => ({ ...bridgeConfig(), type: 'loopback', padding: 'x'.repeat(size) })
  const options = { plugin: 'loopback', ifName: 'lo' }
  for (const [size, counts] of [
    [5 * 2 ** 20, served],
    [17 * 2 ** 20, unheard],
  ] as const) {
    const seen = counted(() => {
      const { status, stdout } = lab.call('ADD', config(size), options)
      assert.equal(status, 0, stdout)
    })
    assert.deepEqual(seen, counts)
  }
})

test('each caller has its own network namespace as the host', () => {
  for (const host of ['h1', 'h2']) {
    const wrapper = ['nsenter', `--net=/run/netns/${host}`]
    const counts = counted(() => {
      const { status, stdout } = lab.call('ADD', bridgeConfig({ name: host }), {
        wrapper,
        container: 'c1',
        ifName: host,
      })
      assert.equal(status, 0, stdout)
    })
    assert.deepEqual(counts, served)
    assert.equal(lab.world.shell(`ip -n ${host} -br link show type bridge | cut -d' ' -f1`), 'br0\n')
    assert.equal(lab.world.shell(`ip netns exec ${host} cat /proc/sys/net/ipv4/ip_forward`), '1\n')
  }
  for (const host of ['h1', 'h2']) {
    const wrapper = ['nsenter', `--net=/run/netns/${host}`]
    const { status } = lab.call('DEL', bridgeConfig({ name: host }), { wrapper, container: 'c1', ifName: host })
    assert.equal(status, 0)
    assert.equal(lab.world.shell(`ip -n ${host} -br link show type veth`), '')
  }
})

test('a caller that sees other files does the call itself', () => {
  const wrapper = [
    'unshare',
    '--mount',
    '--',
    'sh',
    '-ec',
    'mount -t tmpfs none /var/lib; "$@"; ls /var/lib/cni/networks',
    'sh',
  ]
  const counts = counted(() => {
    const { status, stdout } = lab.call('ADD', bridgeConfig({ name: 'elsewhere' }), { wrapper, ifName: 'eth5' })
    assert.equal(status, 0)
    assert.match(stdout, /elsewhere\n$/)
  })
  assert.deepEqual(counts, refused)
  assert.doesNotMatch(lab.world.shell('ls /var/lib/cni/networks'), /elsewhere/)
})

test('a caller in another user namespace, and one that is not root, do the call themselves', {
  skip: withoutUserNamespaces,
}, () => {
  const inside = ['unshare', '--user', '--map-root-user', '--']
  const other = ['setpriv', '--reuid=65534', '--clear-groups', '--']
  const options = { plugin: 'loopback', ifName: 'lo' }
  const config = { cniVersion: '1.1.0', name: 'n1', type: 'loopback' }
  const results = [inside, other].map((wrapper) => {
    let status: number | null = 0
    const counts = counted(() => {
      status = lab.call('ADD', config, { ...options, wrapper }).status
    })
    return { counts, status }
  })
  assert.deepEqual(results, [
    { counts: refused, status: 1 },
    { counts: unheard, status: 1 },
  ])
})

test('a caller that may do less than the daemon does the call itself, with what it has', () => {
  lab.install('privileged-ipam', 'grep CapBnd /proc/self/status >/run/capabilities; exit 1')
  const config = bridgeConfig({ bridge: 'brless', ipam: { type: 'privileged-ipam' } })
  for (const less of ['--bounding-set=-all', '--bounding-set=-net_admin', '--no-new-privs']) {
    lab.world.shell('rm -f /run/capabilities')
    const counts = counted(() => {
      const { status } = lab.call('ADD', config, { wrapper: ['setpriv', less, '--'], ifName: 'eth6' })
      assert.equal(status, 1, less)
    })
    assert.deepEqual(counts, refused, less)
    if (less !== '--no-new-privs')
      assert.doesNotMatch(lab.world.shell('ip -br link; cat /run/capabilities || :'), /brless|CapBnd/)
  }
})

test('calls are counted by the commands of the specification, whatever text a caller gives', () => {
  const before = lab.status().finished
  const texts = ['constructor', '__proto__', '\x1b[31mADD', 'add', 'x'.repeat(10_000)]
  for (const text of texts) assert.equal(lab.call(text, bridgeConfig()).status, 1)
  const { finished } = lab.status()
  assert.deepEqual(finished, { ...before, other: (before['other'] ?? 0) + texts.length })
})

const ipamScript = `
  { env | sort; cat; echo; pwd; readlink /proc/self/ns/net; } >/run/seen
  [ "$CNI_COMMAND" = DEL ] || echo '{"cniVersion":"1.1.0","ips":[{"address":"10.9.0.2/24"}]}'`

test('a plugin that is not ours gets the environment, the configuration and the namespace of the caller', () => {
  lab.install('their-ipam', ipamScript)
  const config = bridgeConfig({ name: 'theirs', bridge: 'br9', ipam: { type: 'their-ipam' } })
  for (const namespace of ['', 'h1']) {
    const wrapper = namespace === '' ? [] : ['nsenter', `--net=/run/netns/${namespace}`]
    const env = { MARK: 'of the caller', BUN_OPTIONS: '--version' }
    const counts = counted(() => {
      const { status, stdout } = lab.call('ADD', config, { wrapper, env, ifName: `x${namespace}` })
      assert.equal(status, 0, stdout)
    })
    assert.deepEqual(counts, served)
    const seen = lab.world.shell('cat /run/seen').trim().split('\n')
    for (const line of ['MARK=of the caller', `CNI_IFNAME=x${namespace}`, JSON.stringify(config), '/'])
      assert.ok(seen.includes(line), `${line} in ${seen.join('\n')}`)
    assert.ok(!seen.some((line) => /^PATCHBAY_(?:NETNS|PROGRAM)=/.test(line)))
    assert.equal(seen.at(-1), lab.world.run([...wrapper, 'readlink', '/proc/self/ns/net']).stdout.trim())
  }
})

test('a plugin of ours that is called by one that is not works, however many are', () => {
  lab.install('wrapping-ipam', `exec ${executables}/host-local`)
  const ipam = { type: 'wrapping-ipam', subnet: '10.8.0.0/16' }
  const config = bridgeConfig({ name: 'wrapped', bridge: 'br8', ipam })
  lab.script('for i in $(seq 20); do call ADD w$i w$i & done; wait', config)
  assert.equal(lab.world.shell('cat /run/out.w* | grep -c \'"address"\'').trim(), '20')
})

test('a caller that is killed takes the plugin with it that is not ours', async () => {
  lab.install('slow-ipam', 'echo $$ >/run/slow; exec sleep 1000')
  const config = bridgeConfig({ name: 'slow', ipam: { type: 'slow-ipam' } })
  const [nsenter, ...place] = lab.wrapper
  const env = lab.variables('ADD', { ifName: 'slow0' })
  const shim = spawn(nsenter, [...place, `${executables}/bridge`], { env })
  shim.stdin.end(JSON.stringify(config))
  await eventually('the plugin', () => lab.world.run(['test', '-s', '/run/slow']).status === 0)
  const pid = lab.world.shell('cat /run/slow').trim()
  assert.equal(lab.status().running, 1)
  shim.kill('SIGKILL')
  await eventually('the end of the plugin', () => lab.world.run(['test', '-d', `/proc/${pid}`]).status !== 0)
  await eventually('the end of the call', () => lab.status().running === 0)
  assert.doesNotMatch(lab.world.shell('ip -n c1 -br link'), /slow0/)
})

test('what others do between two calls is noticed', () => {
  const options = { container: 'c2', containerId: 'noticed', ifName: 'eth7' }
  const config = bridgeConfig({ name: 'noticed' })
  for (const change of ['ip link delete br0', 'rm -r /var/lib/cni/networks/noticed', 'ip link set br0 down']) {
    assert.equal(lab.call('ADD', config, options).status, 0)
    lab.world.shell(change)
    assert.equal(lab.call('DEL', config, options).status, 0)
    assert.doesNotMatch(lab.world.shell('ip -n c2 -br link'), /eth7/)
    const { status, stdout } = lab.call('ADD', config, options)
    assert.equal(status, 0, stdout)
    assert.match(lab.world.shell('ip -br link show br0'), /<.*\bUP\b.*>/)
    assert.equal(lab.call('DEL', config, options).status, 0)
  }
})

/** Has the first read and the first write say what streams say that do not block. */
const withoutBlocking = ['strace', '-qq', '-o', '/dev/null', '-e', 'trace=read,write']
for (const call of ['read', 'write']) withoutBlocking.push('-e', `inject=${call}:error=EAGAIN:when=1`)

test('streams that do not block are waited for', () => {
  const add = () => {
    const { status, stdout, stderr } = lab.call('ADD', bridgeConfig(), { wrapper: withoutBlocking })
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.equal(JSON.parse(stdout).ips.length, 1)
  }
  assert.deepEqual(counted(add), served)
  assert.equal(lab.call('DEL', bridgeConfig()).status, 0)
})
