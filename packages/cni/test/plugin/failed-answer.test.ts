import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import type { Plugin, Request } from '../../src/plugin/index.ts'
import { parsePrevResult } from '../../src/plugin/index.ts'
import { attachment, call, errorText } from './fake-world.ts'

/** Adds an interface, with an address or without, and notes what is done. */
function maker(done: string[], ips: { address: CIDR }[], delError?: Error): Plugin {
  const note = ({ command, env, containerId }: Request) =>
    void done.push(`${command} ${env['CNI_COMMAND']} ${containerId}`)
  return {
    name: 'example',
    add: async (request) => {
      note(request)
      return { cniVersion: request.cniVersion, interfaces: [{ name: 'eth0', sandbox: request.netns }], ips }
    },
    del: async (request) => {
      note(request)
      if (delError) throw delError
    },
  }
}

const net = (cniVersion: string) => ({ cniVersion, name: 'net', type: 'example' })
const ips = [{ address: CIDR.parse('10.0.0.5/24') }]
const noAddress = errorText(999, 'cannot convert: no valid IP addresses')

test('dispatch() takes an ADD back whose result the version cannot tell', async () => {
  for (const version of ['0.1.0', '0.2.0']) {
    const done: string[] = []
    const seen = await call(maker(done, []), attachment('ADD'), { stdin: net(version) })
    assert.deepEqual(seen, { status: 1, stdout: noAddress, stderr: '', reads: 1 })
    assert.deepEqual(done, ['ADD ADD c1', 'DEL DEL c1'])
  }
})

test('dispatch() takes an ADD back whose result cannot be written', async () => {
  const done: string[] = []
  const stdout = () => {
    throw new Error('ENOSPC: no space left on device, write')
  }
  const seen = await call(maker(done, ips), attachment('ADD'), { stdin: net('1.1.0'), stdout })
  const stderr = 'Cannot write to standard output: ENOSPC: no space left on device, write\n'
  assert.deepEqual(seen, { status: 1, stdout: '', stderr, reads: 1 })
  assert.deepEqual(done, ['ADD ADD c1', 'DEL DEL c1'])
})

test('dispatch() says both what went wrong with an answer and with taking it back', async () => {
  const done: string[] = []
  const seen = await call(maker(done, [], new Error('busy')), attachment('ADD'), { stdin: net('0.2.0') })
  assert.deepEqual(seen, { status: 1, stdout: noAddress, stderr: 'Cannot undo "example ADD": busy\n', reads: 1 })
})

test('dispatch() takes nothing back that a handler has not made', async () => {
  const done: string[] = []
  const plugin = { ...maker(done, []), add: () => Promise.reject(new Error('no')) }
  assert.equal((await call(plugin, attachment('ADD'), { stdin: net('0.2.0') })).status, 1)
  const failing = () => {
    throw new Error('EPIPE')
  }
  assert.equal((await call(plugin, attachment('ADD'), { stdin: net('0.2.0'), stdout: failing })).status, 1)
  assert.equal((await call(plugin, { CNI_COMMAND: 'VERSION' }, { stdout: failing })).status, 1)
  assert.deepEqual(done, [])
})

test('dispatch() hands on a result of 0.2.0 without addresses that it was given', async () => {
  const add = async ({ config }: Request) => parsePrevResult(config) ?? { cniVersion: '' }
  const stdin = { ...net('0.2.0'), prevResult: { cniVersion: '0.2.0', dns: { domain: 'x' } } }
  const seen = await call({ name: 'example', add }, attachment('ADD'), { stdin })
  assert.deepEqual(JSON.parse(seen.stdout), { cniVersion: '0.2.0', dns: { domain: 'x' } })
})
