import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import type { JsonObject } from '../lab/witness.ts'
import { type Outcome, World } from '../lab/world.ts'
import { root, succeed } from './outside-project.ts'

const source = join(root, 'examples/plugin')
const folder = mkdtempSync(join(tmpdir(), 'patchbay-example-'))
const netns = '/run/netns/c1'
const file = '/run/hosts/net1/c1-eth0'
let world: World

before(() => {
  // Built as in a project of its own, and installed where nothing of it is around.
  const project = join(folder, 'project')
  cpSync(source, project, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  const { scripts }: { scripts: { build: string } } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
  const env = { PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` }
  succeed(['sh', '-ec', `${scripts.build}; install -m 755 dist/hosts.cjs ../hosts`], {
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
  world = await World.open({ containers: ['c1', 'c2'], containerDad: false })
  world.shell(`mkdir -p /run/net.d /run/plugins; cp ${folder}/hosts /run/plugins/`)
})

const prevResult = {
  cniVersion: '1.0.0',
  interfaces: [{ name: 'eth0', sandbox: netns }],
  ips: [{ interface: 0, address: '10.7.0.2/24', gateway: '10.7.0.1' }, { address: 'fd00:7::2/64' }],
}

/** Executes the plugin as a runtime does. */
function call(command: string, keys: JsonObject = {}, env: Readonly<Record<string, string>> = {}): Outcome {
  return world.run(['/run/plugins/hosts'], {
    input: JSON.stringify({ cniVersion: '1.0.0', name: 'net1', type: 'hosts', ...keys }),
    env: {
      PATH: process.env['PATH'],
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/run/plugins',
      ...env,
    },
  })
}

function succeeds({ status, stdout, stderr }: Outcome): string {
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}

function fails({ status, stdout }: Outcome): { code: number; msg: string } {
  assert.equal(status, 1, stdout)
  return JSON.parse(stdout)
}

test('the example has fewer than 60 lines, and the document shows them as they are', () => {
  const files = ['hosts.ts', 'main.ts'].map((name) => readFileSync(join(source, name), 'utf8'))
  assert.ok((files.join('').match(/\n/g) ?? []).length < 60)
  const document = readFileSync(join(root, 'docs/write-a-plugin.md'), 'utf8')
  for (const text of files) assert.ok(document.includes(`\n${text}\`\`\`\n`))
})

test('hosts answers VERSION', () => {
  assert.deepEqual(JSON.parse(succeeds(call('VERSION'))), {
    cniVersion: '1.1.0',
    supportedVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
  })
})

test('hosts ADD writes a file and passes the result on, CHECK compares it, DEL removes it', () => {
  assert.deepEqual(JSON.parse(succeeds(call('ADD', { prevResult }))), prevResult)
  assert.equal(world.shell('find /run/hosts -type f'), `${file}\n`)
  assert.equal(world.shell(`cat ${file}`), '10.7.0.2 c1.net1\nfd00:7::2 c1.net1\n')
  assert.equal(succeeds(call('CHECK', { prevResult })), '')

  world.shell(`echo 10.7.0.3 c1.net1 >${file}`)
  assert.deepEqual(fails(call('CHECK', { prevResult })), { code: 100, msg: `${file} is not as ADD wrote it` })
  assert.equal(succeeds(call('DEL', { prevResult })), '')
  assert.equal(world.shell('find /run/hosts -type f'), '')
  assert.deepEqual(fails(call('CHECK', { prevResult })), { code: 100, msg: `${file} is not as ADD wrote it` })
  assert.equal(succeeds(call('DEL')), '')
})

test('hosts names a container as Kubernetes and podman call it, where that is a name', () => {
  succeeds(call('ADD', { prevResult, directory: '/run/named' }, { CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=web-0;X=y' }))
  assert.match(world.shell('cat /run/named/net1/c1-eth0'), /^10\.7\.0\.2 web-0\.net1\n/)
  succeeds(call('ADD', { prevResult, directory: '/run/named' }, { CNI_ARGS: 'K8S_POD_NAME=\n10.9.9.9 bank' }))
  assert.match(world.shell('cat /run/named/net1/c1-eth0'), /^10\.7\.0\.2 c1\.net1\n/)
})

test('hosts GC removes what belongs to no attachment that is alive', () => {
  for (const id of ['c1', 'c2', 'c3']) succeeds(call('ADD', { prevResult }, { CNI_CONTAINERID: id }))
  succeeds(call('ADD', { prevResult, name: 'net2' }, { CNI_CONTAINERID: 'c3' }))
  const alive = [{ containerID: 'c2', ifname: 'eth0' }]
  succeeds(call('GC', { cniVersion: '1.1.0', 'cni.dev/valid-attachments': alive }))
  assert.equal(world.shell('cd /run/hosts; find * -type f | sort'), 'net1/c2-eth0\nnet2/c3-eth0\n')
  succeeds(call('GC', { cniVersion: '1.1.0' }))
  assert.equal(world.shell('ls /run/hosts/net1'), 'c2-eth0\n')
})

const errors: Readonly<Record<string, { keys?: JsonObject; env?: Record<string, string>; code: number; msg: string }>> =
  {
    'a configuration that it stands alone in': { code: 7, msg: 'hosts needs a plugin before it' },
    'a version that has no prevResult': {
      keys: { cniVersion: '0.2.0' },
      code: 1,
      msg: 'incompatible CNI versions',
    },
    'a wrong type': {
      keys: { prevResult, directory: 7 },
      code: 999,
      msg: 'json: cannot unmarshal number into Go struct field NetConf.directory of type string',
    },
    'a directory that cannot be made': {
      keys: { prevResult, directory: '/run/plugins/hosts' },
      code: 999,
      msg: "ENOTDIR: not a directory, mkdir '/run/plugins/hosts/net1'",
    },
    'a container id that leads elsewhere': {
      keys: { prevResult },
      env: { CNI_CONTAINERID: '../c1' },
      code: 4,
      msg: 'invalid characters in containerID',
    },
  }

for (const [what, { keys = {}, env = {}, code, msg }] of Object.entries(errors)) {
  test(`hosts ADD says what is wrong with ${what}`, () => {
    const error = fails(call('ADD', keys, env))
    assert.deepEqual({ code: error.code, msg: error.msg }, { code, msg })
  })
}

test('hosts works after bridge: cnitool attaches, checks, collects and detaches', () => {
  const ipam = { type: 'host-local', subnet: '10.7.0.0/24' }
  const bridge = { type: 'bridge', bridge: 'br1', isGateway: true, ipam }
  const network = { cniVersion: '1.1.0', name: 'net1', plugins: [bridge, { type: 'hosts' }] }
  world.run(['sh', '-c', 'cat >/run/net.d/net1.conflist'], { input: JSON.stringify(network) })
  const cnitool = (command: string, path: string): string =>
    succeeds(
      world.run([join(patchbay.directory, 'cnitool'), command, 'net1', path], {
        env: {
          PATH: process.env['PATH'],
          NETCONFPATH: '/run/net.d',
          CNI_PATH: `/run/plugins:${patchbay.directory}`,
        },
      }),
    )
  const { ips } = JSON.parse(cnitool('add', netns))
  assert.equal(ips[0].address, '10.7.0.2/24')
  assert.match(world.shell('cat /run/hosts/net1/*'), /^10\.7\.0\.2 cnitool-\w+\.net1\n$/)
  assert.equal(cnitool('check', netns), '')
  assert.equal(cnitool('status', netns), '')
  assert.equal(JSON.parse(cnitool('add', '/run/netns/c2')).ips[0].address, '10.7.0.3/24')
  assert.equal(cnitool('del', netns), '')
  assert.match(world.shell('cat /run/hosts/net1/*'), /^10\.7\.0\.3 cnitool-\w+\.net1\n$/)
  cnitool('gc', '')
  assert.equal(world.shell('find /run/hosts -type f; ip -netns c2 -o link show type veth'), '')
})
