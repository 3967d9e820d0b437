import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkListFromBytes } from '../../src/config/index.ts'
import { Cni } from '../../src/runtime/index.ts'
import { FakeExecutor } from '../../src/testing/index.ts'
import { scratch } from '../testing/scratch.ts'
import { recordedList, recordedResult, recordedStdin, recordedStdin04 } from './recorded.ts'

const rt = {
  containerId: 'id1',
  netns: '/run/netns/n1',
  ifName: 'eth0',
  capabilityArgs: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }], mac: 'not wanted' },
}

test('Cni gives every plugin the bytes that the reference library does', async (t) => {
  const answer = ({ command }: { command: string }) => (command === 'ADD' ? recordedResult : '')
  const executor = new FakeExecutor({ bridge: answer, portmap: answer, tuning: answer })
  const cni = new Cni({ path: ['/opt/cni/bin', '/usr/lib/cni'], cacheDir: scratch(t), executor, env: { HOME: '/' } })
  const list = networkListFromBytes(recordedList)
  await cni.getStatusNetworkList(list)
  await cni.addNetworkList(list, rt)
  await cni.checkNetworkList(list, rt)
  await cni.delNetworkList(list, rt)
  await cni.gcNetworkList(list, { validAttachments: [{ containerId: 'id2', ifName: 'eth0' }] })
  assert.deepEqual(
    executor.calls.map(({ command, type, stdin }) => [`${command} ${type}`, stdin]),
    Object.entries(recordedStdin),
  )
})

test('Cni gives every plugin the variables of the protocol', async (t) => {
  const executor = new FakeExecutor({ bridge: recordedResult, portmap: recordedResult, tuning: recordedResult })
  const env = { HOME: '/', CNI_ARGS: 'inherited', CNI_NETNS_OVERRIDE: '1' }
  const cni = new Cni({ path: ['/opt/cni/bin', '/usr/lib/cni'], cacheDir: scratch(t), executor, env })
  const list = networkListFromBytes(recordedList)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await cni.addNetworkList(
    list,
    {
      ...rt,
      args: [
        ['K8S_POD_NAME', 'a'],
        ['X', ''],
      ],
    },
    { trace: { traceparent } },
  )
  await cni.getStatusNetworkList(list)
  const always = { HOME: '/', CNI_NETNS_OVERRIDE: '1', CNI_PATH: '/opt/cni/bin:/usr/lib/cni' }
  assert.deepEqual(executor.calls[0]?.env, {
    ...always,
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'id1',
    CNI_NETNS: '/run/netns/n1',
    CNI_IFNAME: 'eth0',
    CNI_ARGS: 'K8S_POD_NAME=a;X=',
    TRACEPARENT: traceparent,
  })
  assert.deepEqual(executor.calls[3]?.env, {
    ...always,
    CNI_COMMAND: 'STATUS',
    CNI_CONTAINERID: '',
    CNI_NETNS: '',
    CNI_IFNAME: '',
    CNI_ARGS: '',
  })
})

test('Cni keeps the order of keys that an older result has, and sorts it beside a runtimeConfig', async (t) => {
  const { prevResult } = JSON.parse(recordedStdin04) as { prevResult: object }
  const executor = new FakeExecutor({ bridge: JSON.stringify(prevResult), portmap: JSON.stringify(prevResult) })
  const cni = new Cni({ path: ['/bin'], cacheDir: scratch(t), executor, env: {} })
  const plugins = [
    { type: 'bridge', capabilities: { portMappings: false } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ]
  const list = networkListFromBytes(JSON.stringify({ cniVersion: '0.4.0', name: 'ds', plugins }))
  await cni.addNetworkList(list, { containerId: 'c', netns: '/n', ifName: 'net7' })
  assert.equal(executor.calls[1]?.stdin, recordedStdin04)
  await cni.addNetworkList(list, {
    containerId: 'c',
    netns: '/n',
    ifName: 'net7',
    capabilityArgs: { portMappings: [] },
  })
  assert.equal(executor.calls[2]?.config['runtimeConfig'], undefined)
  assert.match(
    executor.calls[3]?.stdin ?? '',
    /"prevResult":\{"cniVersion":"0.4.0","dns":\{\},"interfaces":\[\{"mac":.*"runtimeConfig":\{"portMappings":\[\]\}/,
  )
})
