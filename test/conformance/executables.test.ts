import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { patchbay, reference } from '../lab/implementation.ts'
import { traceFiles } from '../lab/system-calls.ts'
import { type Outcome, World } from '../lab/world.ts'

const folder = patchbay.directory
const names = readdirSync(folder).filter((name) => !/^patchbay|^cnitool$/.test(name))
const { version }: { version: string } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../../packages/patchbay/package.json', import.meta.url)), 'utf8'),
)

const allVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']
/** Plugins that came when the protocol had versions already. */
const firstVersions: Readonly<Record<string, string>> = { bandwidth: '0.3.0', firewall: '0.4.0', vrf: '0.3.1' }

function versionsOf(name: string): string[] {
  return allVersions.slice(allVersions.indexOf(firstVersions[name] ?? '0.1.0'))
}

/** A folder on disk for copies: an executable is large. */
const scratch = mkdtempSync(join(tmpdir(), 'patchbay-'))
let world: World
before(async () => {
  world = await World.open({ containers: ['c1'], containerDad: false })
})
after(() => {
  world[Symbol.dispose]()
  rmSync(scratch, { recursive: true, force: true })
})

/** Variables of a call; nothing else is in the environment. */
function variables(command: string, directory = folder): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: '/run/netns/c1',
    CNI_IFNAME: 'lo',
    CNI_PATH: directory,
  }
}

/** Runs a shell script whose `$0` is `argument`, with no more in its environment than `env`. */
function shell(script: string, argument: string, env: Readonly<Record<string, string>>, input = ''): Outcome {
  return world.run(['sh', '-c', script, argument], { env: { ...env }, input })
}

test('the folder has the plugins and the tools', () => {
  for (const name of ['bridge', 'host-local', 'loopback', 'macvlan', 'ptp', 'veth'])
    assert.ok(names.includes(name), name)
  for (const name of ['cnitool', 'patchbay', 'patchbay-plugins', 'patchbay-shim', 'patchbay-addon.node', 'patchbayd'])
    assert.ok(existsSync(join(folder, name)), name)
})

for (const name of names) {
  test(`${name} answers VERSION without reading anything`, () => {
    const expected = `${JSON.stringify({ cniVersion: '1.1.0', supportedVersions: versionsOf(name) })}\n`
    const directories = [folder, reference?.directory].filter((each) => each && existsSync(join(each, name)))
    for (const directory of directories) {
      const { status, stdout, stderr } = shell('exec "$0" <&-', `${directory}/${name}`, { CNI_COMMAND: 'VERSION' })
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: expected, stderr: '' })
    }
  })

  test(`${name} tells a person what it is`, () => {
    const { status, stdout, stderr } = shell('exec "$0"', `${folder}/${name}`, {})
    const about = `CNI ${name} plugin v${version}\nCNI protocol versions supported: ${versionsOf(name).join(', ')}\n`
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: about })
  })
}

const loopback = '{"cniVersion":"1.1.0","name":"n1","type":"loopback"}'
const loopbackResult = JSON.stringify(
  {
    cniVersion: '1.1.0',
    interfaces: [{ mac: '00:00:00:00:00:00', name: 'lo', sandbox: '/run/netns/c1' }],
    ips: [
      { address: '127.0.0.1/8', interface: 0 },
      { address: '::1/128', interface: 0 },
    ],
  },
  null,
  4,
)

/** Ways to call a plugin: scripts whose `$0` is the folder. */
const ways: Readonly<Record<string, string>> = {
  'by its path': 'exec "$0/loopback"',
  'by a relative path': 'cd "$0/.." && exec ./bin/loopback',
  'from its own folder': 'cd "$0" && exec ./loopback',
  'by its name, through PATH': 'PATH="$0" && exec loopback',
  'with a PATH where nothing is': 'export PATH=/nonexistent && exec "$0/loopback"',
  'through a link in another folder': 'ln -sfn "$0/loopback" /run/loopback && exec /run/loopback',
  'through a link to its folder': 'ln -sfn "$0" /run/bin && exec /run/bin/loopback',
}

for (const [way, script] of Object.entries(ways)) {
  test(`a plugin works when it is called ${way}`, () => {
    const { status, stdout, stderr } = shell(script, folder, variables('ADD'), loopback)
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: loopbackResult, stderr: '' })
  })
}

if (reference) {
  const { directory } = reference
  test('the reference plugin prints the same', () => {
    const { status, stdout } = shell('exec "$0/loopback"', directory, variables('ADD'), loopback)
    assert.deepEqual({ status, stdout }, { status: 0, stdout: loopbackResult })
  })
}

test('the folder works when it is copied elsewhere', () => {
  const copy = join(scratch, 'copy of bin')
  world.shell(`cp -a '${folder}/.' '${copy}'`)
  const { status, stdout, stderr } = shell('exec "$0/loopback"', copy, variables('ADD', copy), loopback)
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: loopbackResult, stderr: '' })
  rmSync(copy, { recursive: true })
})

test('a plugin that is a file of its own works with the addon beside it, and without says what is missing', () => {
  const alone = join(scratch, 'alone')
  mkdirSync(alone)
  // The addon of a plugin of somebody else, made with another version of the package.
  writeFileSync(join(alone, 'patchbay.node'), '')
  cpSync(join(folder, 'patchbay'), join(alone, 'loopback'))
  const lacking = shell('exec "$0/loopback"', alone, variables('ADD', alone), loopback)
  assert.equal(lacking.status, 1)
  const { code, msg } = JSON.parse(lacking.stdout)
  assert.equal(code, 999)
  assert.equal(msg, `Cannot load the native addon "${alone}/patchbay-addon.node": it belongs beside this program`)
  const answer = shell('exec "$0/loopback"', alone, { CNI_COMMAND: 'VERSION' })
  assert.equal(answer.status, 0)
  symlinkSync(join(folder, 'patchbay-addon.node'), join(alone, 'patchbay-addon.node'))
  const { status, stdout } = shell('exec "$0/loopback"', alone, variables('ADD', alone), loopback)
  assert.deepEqual({ status, stdout }, { status: 0, stdout: loopbackResult })
  rmSync(alone, { recursive: true })
})

test('a plugin whose standard input is closed says that there is no configuration', () => {
  const expected = {
    status: 1,
    stdout: JSON.stringify({ code: 6, msg: 'error unmarshall network config: unexpected end of JSON input' }, null, 4),
    stderr: '',
  }
  for (const { directory } of reference ? [patchbay, reference] : [patchbay]) {
    const { status, stdout, stderr } = shell('exec "$0/loopback" <&-', directory, variables('ADD'))
    assert.deepEqual({ status, stdout, stderr }, expected)
  }
})

test('a plugin that cannot print its answer fails and says why', () => {
  for (const { directory } of reference ? [patchbay, reference] : [patchbay]) {
    const { status, stderr } = shell('exec "$0/loopback" >/dev/full', directory, { CNI_COMMAND: 'VERSION' })
    assert.equal(status, 1)
    assert.match(stderr, /no space left on device/)
  }
})

const bridge = JSON.stringify({
  cniVersion: '1.1.0',
  name: 'n1',
  type: 'bridge',
  isGateway: true,
  ipam: { type: 'host-local', subnet: '10.7.0.0/24' },
})

/** A directory whose files would configure other programs of the kind that the executables are made with. */
function prepareHostileDirectory(): string {
  world.shell(`mkdir -p /run/hostile /run/evil; cd /run/hostile
    echo 'preload = ["./evil.js"]' >bunfig.toml
    echo 'require("node:fs").writeFileSync("/run/evil/done", "")' >evil.js
    echo 'CNI_IFNAME=evil0' >.env
    cp .env .env.local; cp .env .env.production
    echo '{' >package.json
    echo '{' >tsconfig.json`)
  return '/run/hostile'
}

test('an ADD opens nothing in the current directory or among temporary files, and executes nothing', () => {
  const cwd = prepareHostileDirectory()
  const env = { ...variables('ADD'), CNI_IFNAME: 'eth0' }
  const { status, stdout, calls } = traceFiles(world, [`${folder}/bridge`], { cwd, env, input: bridge })
  assert.equal(status, 0, stdout)
  assert.equal(JSON.parse(stdout).interfaces[2].name, 'eth0')
  const isOurs = (path: string): boolean => path.startsWith(`${folder}/`)
  const isForeign = (path: string): boolean => [cwd, '/tmp', tmpdir()].some((each) => path.startsWith(`${each}/`))
  assert.deepEqual(
    calls.filter(({ path }) => isForeign(path) && !isOurs(path)),
    [],
  )
  const executed = calls.filter(({ call }) => call === 'execve').map(({ path }) => path)
  assert.deepEqual(executed, [`${folder}/bridge`, `${folder}/patchbay-plugins`])
  assert.equal(world.shell('ls /run/evil'), '')
})

test('an IPAM plugin that is another file is executed', () => {
  world.shell(`mkdir -p /run/other; printf '#!/bin/sh\\nexec "${folder}/host-local"\\n' >/run/other/host-local
    chmod 755 /run/other/host-local`)
  const env = { ...variables('ADD', `/run/other:${folder}`), CNI_CONTAINERID: 'c2', CNI_IFNAME: 'eth1' }
  const { status, stdout, calls } = traceFiles(world, [`${folder}/bridge`], { cwd: '/', env, input: bridge })
  assert.equal(status, 0, stdout)
  const executed = calls.filter(({ call }) => call === 'execve').map(({ path }) => path)
  const ours = (name: string) => [`${folder}/${name}`, `${folder}/patchbay-plugins`]
  assert.deepEqual(executed, [...ours('bridge'), '/run/other/host-local', ...ours('host-local')])
})

test('VERSION opens no file', () => {
  const { status, calls } = traceFiles(world, [`${folder}/bridge`], { cwd: '/', env: { CNI_COMMAND: 'VERSION' } })
  assert.equal(status, 0)
  assert.deepEqual(
    calls.map(({ path }) => path),
    [`${folder}/bridge`],
  )
})
