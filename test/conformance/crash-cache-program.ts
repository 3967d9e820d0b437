import { networkListFromBytes } from '@patchbay/cni/config'
import { Cni } from '@patchbay/cni/runtime'
import { FakeExecutor } from '@patchbay/cni/testing'

/** A runtime that attaches a container to a network or detaches it: `PROGRAM add|del CACHE-DIRECTORY ADDRESS`. */
async function main([command, cacheDir = '', address = '']: readonly string[]): Promise<void> {
  const executor = new FakeExecutor({ ok: { cniVersion: '1.1.0', ips: [{ address }] } })
  const cni = new Cni({ path: ['/nowhere'], cacheDir, executor, env: {} })
  const list = networkListFromBytes('{"cniVersion":"1.1.0","name":"net","plugins":[{"type":"ok"}]}')
  const rt = { containerId: 'c1', netns: '/run/netns/c1', ifName: 'eth0' }
  await (command === 'add' ? cni.addNetworkList(list, rt) : cni.delNetworkList(list, rt))
}

await main(process.argv.slice(2))
