import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { listMountedNamespaces } from '@patchbay/linux/netns'
import { macvlan } from '@patchbay/plugins/macvlan'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { testWithOwnMounts } from '../lab/own-mounts.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, type JsonObject, linkNames } from '../lab/witness.ts'

const test = testWithOwnMounts(import.meta.url)

const config: JsonObject = { master: 'lan0' }

/** Mounts a namespace at a path, as runtimes do. */
function mountAt(path: string, { path: source }: TestNamespace, run: () => Promise<void>): Promise<void> {
  writeFileSync(path, '')
  execFileSync('mount', ['--bind', source, path])
  return run().finally(() => execFileSync('umount', [path]))
}

async function collect(lab: PluginLab, alive: readonly string[], keys: JsonObject = config): Promise<void> {
  const attachments = alive.map((id) => ({ containerID: id, ifname: 'eth0' }))
  const { status, document } = await lab.call(macvlan, 'GC', { ...keys, 'cni.dev/valid-attachments': attachments })
  assert.equal(status, 0, JSON.stringify(document))
}

async function withContainers(work: (lab: PluginLab) => Promise<void>): Promise<void> {
  await withLab(async (lab) => {
    ip(lab.host, 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1')
    ip(lab.host, 'link', 'set', 'lan0', 'up')
    await lab.add(macvlan, config)
    await lab.add(macvlan, config, { container: lab.other, containerId: 'c2' })
    await work(lab)
  })
}

test('macvlan: GC deletes interfaces of attachments that are gone from namespaces that are mounted, and no others', () =>
  withContainers(async (lab) => {
    await lab.add(macvlan, { ...config, name: 'net2' }, { containerId: 'c3', ifName: 'eth2' })
    ip(lab.container, 'link', 'add', 'veth12345678', 'type', 'veth', 'peer', 'name', 'veth0')
    const all = ['eth0', 'eth2', 'lo', 'veth0', 'veth12345678']
    await collect(lab, [])
    assert.deepEqual(linkNames(lab.container), all, 'nothing is mounted')
    await mountAt('/run/one container', lab.container, () =>
      mountAt('/run/the-other', lab.other, async () => {
        await collect(lab, ['c1', 'c2'])
        assert.deepEqual([linkNames(lab.container), linkNames(lab.other)], [all, ['eth0', 'lo']])
        await collect(lab, ['c2'])
        assert.deepEqual([linkNames(lab.container), linkNames(lab.other)], [all.slice(1), ['eth0', 'lo']])
        await collect(lab, [])
        assert.deepEqual([linkNames(lab.container), linkNames(lab.other)], [all.slice(1), ['lo']])
        await collect(lab, [], { ...config, name: 'net2' })
        assert.deepEqual(linkNames(lab.container), all.slice(2))
      }),
    )
  }))

test('macvlan: GC leaves an interface alone that does not say whose it is', () =>
  withContainers((lab) =>
    mountAt('/run/container', lab.container, async () => {
      ip(lab.container, 'link', 'set', 'eth0', 'alias', 'uplink')
      await collect(lab, [])
      assert.deepEqual(linkNames(lab.container), ['eth0', 'lo'])
    }),
  ))

test('listMountedNamespaces() names each once, and none that another mount covers', () =>
  withLab((lab) => {
    mkdirSync('/run/covered')
    return mountAt('/run/once', lab.container, () =>
      mountAt('/run/twice', lab.container, () =>
        mountAt('/run/covered/one', lab.other, async () => {
          const own = () => listMountedNamespaces().filter((path) => path.startsWith('/run/'))
          const found = own()
          assert.equal(found.length, 2)
          assert.ok(found.includes('/run/covered/one'))
          execFileSync('mount', ['-t', 'tmpfs', 'none', '/run/covered'])
          assert.equal(own().length, 1)
          execFileSync('umount', ['/run/covered'])
        }),
      ),
    )
  }))
