import assert from 'node:assert/strict'
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { networkListFromBytes } from '../../src/config/index.ts'
import { type Executor, getVersionInfo, processExecutor } from '../../src/exec/index.ts'
import { Cni } from '../../src/runtime/index.ts'
import {
  installNoop,
  type NoopDebug,
  programExecutor,
  readNoopDebug,
  readNoopLog,
  runNoop,
  writeNoopDebug,
} from '../../src/testing/index.ts'
import { allVersions } from '../../src/types/index.ts'
import { scratch } from './scratch.ts'

const attachment = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/some/netns',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/some/bin',
}

/** Where the noop plugin runs: as a process, and in this one. */
interface Place {
  path: string
  executor: (stderr: (text: string) => void) => Executor
}

function places(t: TestContext): Place[] {
  const path = installNoop(scratch(t))
  return [
    { path, executor: (stderr) => processExecutor({ stderr }) },
    { path: 'noop', executor: (stderr) => programExecutor({ noop: runNoop }, { stderr }) },
  ]
}

async function call({ path, executor }: Place, env: Record<string, string>, config: object = {}) {
  let stderr = ''
  const stdin = JSON.stringify({ cniVersion: '1.0.0', name: 'net', ...config })
  const stdout = await executor((text) => {
    stderr += text
  }).run(path, { stdin, env: { ...attachment, ...env } })
  return { stdout, stderr }
}

test('runNoop() without a debug file prints an empty result', async (t) => {
  for (const place of places(t)) {
    assert.deepEqual(await call(place, {}), { stdout: '{}', stderr: '' })
    assert.deepEqual(await call(place, { CNI_COMMAND: 'DEL' }), { stdout: '', stderr: '' })
  }
})

test('runNoop() does as its debug file says, and records there how it was called', async (t) => {
  const file = join(scratch(t), 'debug')
  for (const place of places(t)) {
    writeNoopDebug(file, { ReportResult: '{"any": ["thing"', ReportStderr: 'hello\n' })
    const env = { CNI_ARGS: `X=1;DEBUG=${file}`, CNI_NETNS_OVERRIDE: '0' }
    assert.deepEqual(await call(place, env), { stdout: '{"any": ["thing"', stderr: 'hello\n' })
    assert.deepEqual(readNoopDebug(file), {
      ReportResult: '{"any": ["thing"',
      ReportStderr: 'hello\n',
      Command: 'ADD',
      CmdArgs: {
        ContainerID: 'c1',
        Netns: '/some/netns',
        IfName: 'eth0',
        Args: `X=1;DEBUG=${file}`,
        Path: '/some/bin',
        NetnsOverride: '0',
        StdinData: Buffer.from('{"cniVersion":"1.0.0","name":"net"}').toString('base64'),
      },
    })
  }
})

test('runNoop() fails as its debug file says', async (t) => {
  const debugFile = join(scratch(t), 'debug')
  for (const place of places(t)) {
    const fails = (debug: NoopDebug, env: Record<string, string> = {}) => {
      writeNoopDebug(debugFile, debug)
      return call(place, env, { debugFile })
    }
    await assert.rejects(fails({ ReportError: 'banana' }), { code: 999, msg: 'banana' })
    await assert.rejects(fails({ ReportError: 'banana', ReportErrorCode: 11 }, { CNI_COMMAND: 'DEL' }), { code: 11 })
    await assert.rejects(fails({ ExitWithCode: 3, ReportResult: '{}' }), {
      message: 'netplugin failed with no error message: exit status 3',
    })
    await assert.rejects(fails({ ExitWithCode: 1, ReportStderr: 'log' }), { message: 'netplugin failed: "log"' })
    await assert.rejects(fails({}, { CNI_CONTAINERID: '' }), { code: 4, message: /CNI_CONTAINERID/ })
  }
})

test('runNoop() passes the previous result on, as it is or with a name server', async (t) => {
  const debugFile = join(scratch(t), 'debug')
  const prevResult = { cniVersion: '0.4.0', ips: [{ version: '4', address: '10.1.2.3/24' }] }
  const config = { cniVersion: '0.4.0', prevResult, debugFile }
  for (const place of places(t)) {
    writeNoopDebug(debugFile, { ReportResult: 'PASSTHROUGH' })
    assert.deepEqual(JSON.parse((await call(place, {}, config)).stdout), { ...prevResult, dns: {} })
    await assert.rejects(call(place, {}, { debugFile }), { code: 999, message: /^Cannot pass previous result on/ })
    writeNoopDebug(debugFile, { ReportResult: 'INJECT-DNS' })
    const dns = { nameservers: ['1.2.3.4'] }
    assert.deepEqual(JSON.parse((await call(place, {}, config)).stdout), { ...prevResult, dns })
  }
})

test('runNoop() supports the versions that its debug file says', async (t) => {
  const file = join(scratch(t), 'debug')
  for (const place of places(t)) {
    const executor = place.executor(() => undefined)
    const { supportedVersions } = await getVersionInfo(place.path, executor, { env: {} })
    assert.deepEqual(supportedVersions, ['0.-42.0', ...allVersions])
    writeNoopDebug(file, { ReportVersionSupport: ['0.4.0'] })
    await assert.rejects(call(place, { CNI_ARGS: `DEBUG=${file}` }), { code: 1 })
  }
})

test('runNoop() appends every call to its command log, in a Cni object as in the wild', async (t) => {
  const directory = scratch(t)
  const commandLog = join(directory, 'log')
  installNoop(directory, 'first')
  installNoop(directory, 'second')
  const plugins = [
    { type: 'first', commandLog, debugFile: join(directory, 'first.debug') },
    { type: 'second', commandLog, debugFile: join(directory, 'second.debug') },
  ]
  writeNoopDebug(join(directory, 'first.debug'), { ReportResult: '{"ips":[{"address":"10.0.0.5/24"}]}' })
  writeNoopDebug(join(directory, 'second.debug'), { ReportResult: 'INJECT-DNS' })
  const list = networkListFromBytes(JSON.stringify({ cniVersion: '1.1.0', name: 'net', plugins }))
  const cni = new Cni({ path: [directory], cacheDir: join(directory, 'cache') })
  const rt = { containerId: 'c1', netns: '/some/netns', ifName: 'eth0' }
  const result = await cni.addNetworkList(list, rt)
  assert.deepEqual([result.cniVersion, result.dns], ['1.1.0', { nameservers: ['1.2.3.4'] }])
  await cni.checkNetworkList(list, rt)
  await cni.getStatusNetworkList(list)
  await cni.gcNetworkList(list, { validAttachments: [{ containerId: 'c1', ifName: 'eth0' }] })
  await cni.delNetworkList(list, rt)
  assert.deepEqual(
    readNoopLog(commandLog).map(({ Command, CmdArgs }) => [Command, CmdArgs?.ContainerID]),
    [
      ...Array.from({ length: 2 }, () => ['ADD', 'c1']),
      ...Array.from({ length: 2 }, () => ['CHECK', 'c1']),
      ...Array.from({ length: 2 }, () => ['STATUS', '']),
      ...Array.from({ length: 2 }, () => ['GC', '']),
      ...Array.from({ length: 2 }, () => ['DEL', 'c1']),
    ],
  )
  const stdin = Buffer.from(readNoopDebug(join(directory, 'first.debug')).CmdArgs?.StdinData ?? '', 'base64').toString()
  assert.match(stdin, /"prevResult":\{"cniVersion":"1.1.0","dns":\{"nameservers":\["1.2.3.4"\]\},"ips":\[/)
  assert.equal(existsSync(join(directory, 'cache/results/net-c1-eth0')), false)
})

test('installNoop() copes with paths that mean something to a shell', async (t) => {
  const directory = join(
    scratch(t, {
      "a 'b' $c/package.json": '{"type":"module"}',
      "a 'b' $c/noop-main.js": "process.stdout.write('ran')",
    }),
    "a 'b' $c",
  )
  const copy = join(directory, 'install-noop.js')
  cpSync(new URL('../../src/testing/install-noop.js', import.meta.url), copy)
  const module: { installNoop: typeof installNoop } = await import(pathToFileURL(copy).href)
  const path = module.installNoop(directory, 'no op')
  assert.equal(await processExecutor().run(path, { stdin: '', env: {} }), 'ran')
})

test('readNoopDebug() reads a file that the reference plugin wrote', (t) => {
  const file = join(scratch(t), 'debug')
  const cmdArgs = { ContainerID: 'c', Netns: '', IfName: 'e', Args: '', Path: '', NetnsOverride: '', StdinData: 'e30=' }
  writeFileSync(
    file,
    JSON.stringify({ ReportResult: '', ReportVersionSupport: null, ExitWithCode: 0, Command: 'DEL', CmdArgs: cmdArgs }),
  )
  const { Command, CmdArgs, ReportVersionSupport } = readNoopDebug(file)
  assert.deepEqual([Command, CmdArgs, ReportVersionSupport], ['DEL', cmdArgs, undefined])
})
