import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { configFiles, listFromPluginConf, loadNetworkList, pluginConfFromFile } from '@patchbay/cni/config'
import { Cni } from '@patchbay/cni/runtime'
import { FakeExecutor } from '@patchbay/cni/testing'

// Any program can find and read configurations as the tools do: by file, by directory, by name.

async function withDirectory(files: Readonly<Record<string, string>>, work: (directory: string) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
    await work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const network = (name: string, type = 'bridge') => JSON.stringify({ name, type, ipam: { type: 'host-local' } })

test('a configuration is loaded by its file', () =>
  withDirectory({ '10-net.conf': network('net1', 'veth') }, async (directory) => {
    const conf = await pluginConfFromFile(join(directory, '10-net.conf'))
    assert.deepEqual([conf.name, conf.type, conf.cniVersion], ['net1', 'veth', undefined])
    assert.deepEqual(conf.json['ipam'], { type: 'host-local' })
  }))

test('the configurations of a directory are listed in the order of their names', () =>
  withDirectory(
    { '20-b.conf': network('b'), '10-a.conf': network('a'), '15-c.json': network('c'), 'README.md': '', '.conf~': '' },
    async (directory) => {
      const files = await configFiles(directory, ['.conf', '.json'])
      assert.deepEqual(
        files.map((file) => file.slice(directory.length + 1)),
        ['10-a.conf', '15-c.json', '20-b.conf'],
      )
      assert.deepEqual(await configFiles(join(directory, 'absent'), ['.conf']), [])
    },
  ))

test('a configuration is loaded by the name of its network, the first of that name', () =>
  withDirectory(
    { '10-a.conf': network('a'), '20-b.conf': network('b', 'veth'), '30-b.conf': network('b', 'macvlan') },
    async (directory) => {
      const list = await loadNetworkList(directory, 'b')
      assert.deepEqual([list.name, list.plugins.map(({ type }) => type)], ['b', ['veth']])
      await assert.rejects(loadNetworkList(directory, 'x'), {
        message: `no net configuration with name "x" in ${directory}`,
      })
    },
  ))

test('a directory without configurations is told apart', () =>
  withDirectory({}, async (directory) => {
    await assert.rejects(loadNetworkList(directory, 'x'), { message: `no net configurations found in ${directory}` })
  }))

test('a broken file in front of the one that is asked for is reported', () =>
  withDirectory({ '10-a.conf': '{', '20-b.conf': network('b') }, async (directory) => {
    await assert.rejects(loadNetworkList(directory, 'b'), SyntaxError)
  }))

test('what was loaded is what a plugin reads, with nothing lost', () =>
  withDirectory({ '10-a.conf': '{"name":"a","type":"veth","own":{"key":[1,"<&>"]}}' }, async (directory) => {
    const executor = new FakeExecutor({ veth: { ip4: { ip: '10.0.0.2/24' } } })
    const cni = new Cni({ path: ['/plugins'], cacheDir: directory, executor })
    const list = listFromPluginConf(await pluginConfFromFile(join(directory, '10-a.conf')))
    await cni.addNetworkList(list, { containerId: 'c1', netns: '/run/netns/c1', ifName: 'eth0' })
    assert.deepEqual(executor.log, ['ADD veth'])
    const [call] = executor.calls
    assert.deepEqual(call?.config, { cniVersion: '', name: 'a', type: 'veth', own: { key: [1, '<&>'] } })
    assert.equal(call?.env['CNI_IFNAME'], 'eth0')
  }))
