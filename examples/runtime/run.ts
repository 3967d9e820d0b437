#!/usr/bin/env node
/**
 * Runs a command in a network namespace of its own that is attached to a network: run.js NETWORK COMMAND [ARGUMENT]...
 * CNI_PATH says where the plugins are, NETCONFPATH where the networks are described. When the command ends, or fails, or
 * is interrupted, network and namespace go away.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { loadNetworkList } from '@patchbay/cni/config'
import { splitPath } from '@patchbay/cni/exec'
import { Cni } from '@patchbay/cni/runtime'
import { Namespace } from '@patchbay/linux/netns'

const { CNI_PATH = '/opt/cni/bin', NETCONFPATH = '/etc/cni/net.d' } = process.env

/** Ends as a shell does: with the command's status, or 128 and the number of the signal that ended it. */
async function run({ path }: Namespace, command: readonly string[], signal: AbortSignal): Promise<number> {
  signal.throwIfAborted()
  const child = spawn('nsenter', [`--net=${path}`, '--', ...command], { stdio: 'inherit' })
  signal.addEventListener('abort', () => child.kill('SIGTERM'))
  await once(child, 'exit')
  return child.exitCode ?? 128 + (child.signalCode ? constants.signals[child.signalCode] : 0)
}

async function main([name = '', ...command]: readonly string[], signal: AbortSignal): Promise<number> {
  const network = await loadNetworkList(NETCONFPATH, name)
  const cni = new Cni({ path: splitPath(CNI_PATH) })
  const netns = Namespace.createNamed(`run-${process.pid}`)
  const attachment = { containerId: `run-${process.pid}`, netns: netns.path, ifName: 'eth0' }
  try {
    await cni.addNetworkList(network, attachment, { signal })
    return await run(netns, command, signal)
  } finally {
    // DEL also takes back what an ADD did that failed or was interrupted.
    await cni.delNetworkList(network, attachment).finally(() => netns.remove())
  }
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort(new Error(name)))
try {
  process.exitCode = await main(process.argv.slice(2), interrupted.signal)
} catch (error) {
  console.error(`run: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
