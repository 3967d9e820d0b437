import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Plugin, type Request, Shared, SharedKey } from '../../src/plugin/index.ts'
import { attachment, call } from './fake-world.ts'

/** Something that says when it ends. */
function thing(name: string, events: string[]): Disposable & { readonly name: string } {
  return { name, [Symbol.dispose]: () => void events.push(`${name} ends`) }
}

test('SharedKey.of() makes one thing for each Shared, which ends with it, the last first', () => {
  const events: string[] = []
  let made = 0
  const first = new SharedKey(() => thing(`first ${++made}`, events))
  const second = new SharedKey((shared) => thing(`second on ${first.of(shared).name}`, events))
  const one = new Shared()
  const other = new Shared()
  assert.equal(second.of(one).name, 'second on first 1')
  assert.equal(first.of(one), first.of(one))
  assert.equal(first.of(other).name, 'first 2')
  one[Symbol.dispose]()
  one[Symbol.dispose]()
  assert.deepEqual(events, ['second on first 1 ends', 'first 1 ends'])
})

test('SharedKey.put() has calls share something else, once', () => {
  const events: string[] = []
  const key = new SharedKey(() => thing('made', events))
  const shared = new Shared()
  key.put(shared, thing('put', events))
  assert.equal(key.of(shared).name, 'put')
  assert.throws(() => key.put(shared, thing('again', events)), TypeError)
  shared[Symbol.dispose]()
  assert.deepEqual(events, ['put ends'])
})

const stdin = { name: 'net', cniVersion: '1.1.0' }

/** A plugin whose commands say what they share. */
function plugin(key: SharedKey<Disposable & { readonly name: string }>, events: string[]): Plugin {
  const note = async (request: Request) => void events.push(`${request.command} has ${key.of(request.shared).name}`)
  return {
    name: 'plugin',
    async add(request) {
      await note(request)
      return { cniVersion: request.cniVersion }
    },
    del: note,
  }
}

test('dispatch() makes what a call shares with nobody, and ends it when the call, and what takes it back, is over', async () => {
  const events: string[] = []
  let made = 0
  const key = new SharedKey(() => thing(`thing ${++made}`, events))
  await call(plugin(key, events), attachment('DEL'), { stdin })
  assert.deepEqual(events.splice(0), ['DEL has thing 1', 'thing 1 ends'])
  const full = () => {
    throw new Error('no room')
  }
  await call(plugin(key, events), attachment('ADD'), { stdin, stdout: full })
  assert.deepEqual(events, ['ADD has thing 2', 'DEL has thing 2', 'thing 2 ends'])
})

test('dispatch() leaves alone what the program has given calls to share', async () => {
  const events: string[] = []
  const key = new SharedKey(() => thing('thing', events))
  const shared = new Shared()
  for (const command of ['ADD', 'DEL']) await call(plugin(key, events), attachment(command), { stdin, shared })
  assert.deepEqual(events, ['ADD has thing', 'DEL has thing'])
})
