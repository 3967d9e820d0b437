import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { Namespace } from '@patchbay/linux/netns'
import { ping } from '@patchbay/linux/packet'
import { patchbay } from '../lab/implementation.ts'
import { type Outcome, World } from '../lab/world.ts'
import { root, succeed } from './outside-project.ts'

const source = join(root, 'examples/main-plugin')
const folder = mkdtempSync(join(tmpdir(), 'patchbay-example-'))
let world: World

before(() => {
  const project = join(folder, 'project')
  cpSync(source, project, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  const { scripts }: { scripts: { build: string } } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
  const env = { PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` }
  succeed(['sh', '-ec', `${scripts.build}; install dist/wire.cjs ../wire; install dist/patchbay.node ..`], {
    cwd: project,
    env,
  })
})
after(() => {
  world?.[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  world?.[Symbol.dispose]()
  world = await World.open({ containers: ['c1'], containerDad: false })
  world.shell(`mkdir -p /run/plugins; cp ${folder}/wire ${folder}/patchbay.node /run/plugins/`)
})

/** An IPAM plugin that is a shell script, and notes what it was called for. */
function placeIpam(script: string): void {
  const text = `#!/bin/sh\necho $CNI_COMMAND >>/run/calls\n${script}\n`
  world.run(['sh', '-c', 'cat >/run/plugins/own-ipam; chmod 755 /run/plugins/own-ipam'], { input: text })
}

const hostLocal = { type: 'host-local', subnet: '10.7.0.0/24' }

/** Executes the plugin as a runtime does; by `script`, where that is given. */
function call(command: string, ipam: object = hostLocal, script = 'exec /run/plugins/wire'): Outcome {
  return world.run(['sh', '-c', script], {
    input: JSON.stringify({ cniVersion: '1.0.0', name: 'net1', type: 'wire', ipam }),
    env: {
      PATH: process.env['PATH'],
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: '/run/netns/c1',
      CNI_IFNAME: 'eth0',
      CNI_PATH: `/run/plugins:${patchbay.directory}`,
    },
  })
}

function succeeds({ status, stdout, stderr }: Outcome): string {
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}

/** What is there of the container's attachment: the host's ends and the leases. */
function leftovers(): string {
  // The kernel may take a moment until it says that a link is up.
  const links = 'ip -o link show type veth | sed "s/ state [A-Z]*//"'
  return world.shell(`${links}; find /var/lib/cni/networks -name "10.*" 2>/dev/null || true`)
}

test('the document shows the example as it is', () => {
  const document = readFileSync(join(root, 'docs/write-a-plugin.md'), 'utf8')
  assert.ok(document.includes(`\n${readFileSync(join(source, 'wire.ts'), 'utf8')}\`\`\`\n`))
})

test('wire ADD connects container and host, and DEL takes all of it back', async () => {
  const { interfaces, ips } = JSON.parse(succeeds(call('ADD')))
  assert.deepEqual(ips, [{ address: '10.7.0.2/24', gateway: '10.7.0.1', interface: 1 }])
  const [host, own] = interfaces
  assert.match(world.shell(`ip -4 -brief address show dev ${host.name}`), /UP +10\.7\.0\.1\/24/)
  assert.equal(own.mac, JSON.parse(world.shell('ip -n c1 -j link show dev eth0'))[0].address)
  using netns = Namespace.open(world.path('/run/netns/c1'))
  assert.equal((await ping({ netns, to: parseIP('10.7.0.1'), timeoutMs: 5000 })).length, 1)
  succeeds(call('DEL'))
  assert.equal(leftovers(), '')
  succeeds(call('DEL'))
})

test('wire ADD that fails after IPAM has given addresses takes back the cable, and has IPAM release them', () => {
  const ips = [{ address: '10.7.0.2/24' }, { address: '10.7.0.2/24' }]
  placeIpam(`test $CNI_COMMAND = DEL || echo '${JSON.stringify({ cniVersion: '1.0.0', ips })}'`)
  const { status, stdout } = call('ADD', { type: 'own-ipam' })
  assert.equal(status, 1)
  assert.match(JSON.parse(stdout).msg, /^RTM_NEWADDR \(address 10\.7\.0\.2\/24 on link \d+\): file exists/)
  assert.equal(leftovers(), '')
  assert.equal(world.shell('cat /run/calls'), 'ADD\nDEL\n')
})

test('wire ADD that finds an interface of that name touches neither it nor its addresses', () => {
  succeeds(call('ADD'))
  const before = leftovers()
  const { status, stdout } = call('ADD', hostLocal)
  assert.equal(status, 1)
  assert.match(JSON.parse(stdout).msg, /^RTM_NEWLINK \(link "wire-[0-9a-f]+"\): file exists$/)
  assert.equal(leftovers(), before)
})

test('wire ADD that is terminated while IPAM works takes back the cable, and has IPAM release addresses', () => {
  placeIpam('test $CNI_COMMAND = DEL || { touch /run/waiting; exec sleep 600; }')
  const terminated = `/run/plugins/wire & until test -e /run/waiting; do sleep 0.02; done; kill $!; wait $!`
  const { status, stdout } = call('ADD', { type: 'own-ipam' }, `exec 3<&0; ${terminated.replace('wire', 'wire <&3')}`)
  assert.equal(status, 1)
  assert.equal(JSON.parse(stdout).msg, 'Cannot finish "wire": terminated by SIGTERM')
  assert.equal(leftovers(), '')
  assert.equal(world.shell('cat /run/calls'), 'ADD\nDEL\n')
})
