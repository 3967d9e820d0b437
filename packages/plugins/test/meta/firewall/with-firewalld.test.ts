import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@patchbay/cni/json'
import { type FirewallBackend, firewallBy } from '../../../src/meta/firewall/index.ts'
import { fakeRequest } from '../../fake-request.ts'

const prevResult = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24' }, { address: 'fd00::3/64' }] }

/** A host without programs, and with a namespace that has no network to be changed. */
const nothing = { env: { PATH: '/nonexistent' }, hostNetns: '/proc/self/ns/uts' }

function withFirewalld(isRunning: boolean) {
  const calls: string[] = []
  const record = (what: string) => async (addresses: readonly unknown[]) => void calls.push(`${what} ${addresses}`)
  const backend: FirewallBackend = { add: record('add'), del: record('del'), check: record('check') }
  const plugin = firewallBy(async (_, { zone, required }) => {
    calls.push(`find ${zone} ${required}`)
    return isRunning ? backend : undefined
  })
  const run = async (command: 'add' | 'del' | 'check', config: JsonObject = {}) =>
    plugin[command]?.(fakeRequest({ cniVersion: '1.1.0', prevResult, ...config }, nothing))
  return { calls, run }
}

test('firewall uses firewalld where that runs', async () => {
  const { calls, run } = withFirewalld(true)
  for (const command of ['add', 'check', 'del'] as const) await run(command, { firewalldZone: 'home' })
  const addresses = '10.1.2.3/24,fd00::3/64'
  assert.deepEqual(calls, [
    ...['find home false', `add ${addresses}`, 'find home false', `check ${addresses}`],
    ...['find home false', 'del 10.1.2.3/32,fd00::3/128'],
  ])
})

test('firewall takes iptables where firewalld does not run, and where it is asked to', async () => {
  const { calls, run } = withFirewalld(false)
  const noTools = { message: 'exec: "iptables-save": executable file not found in $PATH' }
  await assert.rejects(run('add'), noTools)
  assert.deepEqual(calls, ['find trusted false'])
  const running = withFirewalld(true)
  await assert.rejects(running.run('add', { backend: 'iptables' }), noTools)
  assert.deepEqual(running.calls, [])
})

test('firewall says that firewalld was asked for by name', async () => {
  const { calls, run } = withFirewalld(true)
  await run('del', { backend: 'firewalld' })
  assert.deepEqual(calls.slice(0, 1), ['find trusted true'])
})

test('firewall whose policy cannot be made has told firewalld nothing', async () => {
  const { calls, run } = withFirewalld(true)
  const interfaces = [{ name: 'cni0' }]
  const config = { ingressPolicy: 'isolated', prevResult: { ...prevResult, interfaces } }
  await assert.rejects(run('add', config), /iptables-save/)
  assert.deepEqual(calls, ['find trusted false'])
})
