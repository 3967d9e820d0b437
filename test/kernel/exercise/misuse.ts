import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { type Native, native } from '@patchbay/linux/sys'

type NativeName = keyof Native

/** Arguments of the right types for each function, on descriptors that are not open. */
const validArguments: Record<
  Exclude<NativeName, 'subscribe' | 'unsubscribe' | 'newNetns' | 'pinJobsToOtherCpus'>,
  readonly unknown[]
> = {
  socketIn: [-1, 16, 3, 9999],
  netlinkIn: [-1, 9999],
  readIn: [-1, '/nowhere'],
  writeIn: [-1, '/nowhere', 'text'],
  openNetns: ['/nowhere'],
  mount: ['', '/nowhere', '', 0],
  umount: ['/nowhere', 0],
  setsockopt: [-1, 0, 0, 0],
  attachFilter: [-1, new Uint8Array(8)],
  bind: [-1, new Uint8Array(12)],
  connect: [-1, new Uint8Array(12)],
  send: [-1, new Uint8Array(16)],
  receive: [-1, new Uint8Array(16), 0],
  shutdown: [-1],
  exchange: [-1, new Uint8Array(16), new Uint8Array(16), 0],
  close: [-1],
  flock: [-1, 0],
  peerCredentials: [-1],
  peerIsAlive: [-1],
  processNamespaces: [-1],
  strerror: [1],
  sendFromChild: [-1, new Uint8Array(16)],
  holdInChild: [new Uint8Array(8)],
  closeAsync: [-1],
  sendAsync: [-1, new Uint8Array(16)],
  exchangeAsync: [-1, new Uint8Array(16), new Uint8Array(16), 0],
  exchangeLong: [-1, new Uint8Array(16), new Uint8Array(16), 0],
  receiveAsync: [-1, new Uint8Array(16), 0],
}

const wrongValues = [
  undefined,
  null,
  true,
  'text',
  Number.NaN,
  Symbol('x'),
  10n,
  {},
  [],
  () => 0,
  new ArrayBuffer(4),
  new DataView(new ArrayBuffer(4)),
  new Int32Array(4),
  new Uint8ClampedArray(4),
]

/** Whether a value is right in the place of another. */
function mayStandFor(value: unknown, right: unknown): boolean {
  if (typeof value === typeof right && typeof value !== 'object') return true
  // "" for undefined
  return typeof right === 'string' && value === undefined
}

function call(name: NativeName, args: readonly unknown[]): unknown {
  // What a program without types may do.
  const run: (...given: unknown[]) => unknown = native()[name] as never
  return run(...args)
}

/** Every function refuses each argument of a wrong type with a TypeError, and too few arguments too. */
export function exerciseWrongTypes(): void {
  for (const [name, args] of Object.entries(validArguments) as [keyof typeof validArguments, unknown[]][]) {
    args.forEach((right, position) => {
      for (const wrong of wrongValues.filter((value) => !mayStandFor(value, right)))
        assert.throws(
          () =>
            call(
              name,
              args.map((arg, index) => (index === position ? wrong : arg)),
            ),
          TypeError,
          `${name} ${position} ${typeof wrong}`,
        )
    })
    if (typeof args.at(-1) !== 'string') assert.throws(() => call(name, args.slice(0, -1)), TypeError, name)
    call(name, [...args, ...wrongValues])
  }
  for (const wrong of wrongValues.filter((value) => typeof value !== 'function'))
    assert.throws(() => call('subscribe', [-1, wrong]), TypeError)
  for (const wrong of wrongValues) assert.throws(() => call('unsubscribe', [wrong]), TypeError)
  assert.throws(() => call('newNetns', [1]), TypeError)
}

/** Descriptors that are closed, of another kind or no descriptors at all give an error number. */
export async function exerciseClosedDescriptors(): Promise<void> {
  const closed = openSync('/dev/null', 'r')
  closeSync(closed)
  for (const fd of [closed, -1, -2, 2 ** 31 - 1, -(2 ** 31)]) {
    for (const name of ['send', 'bind', 'connect'] as const) assert.ok(native()[name](fd, new Uint8Array(16)) < 0, name)
    assert.ok(native().setsockopt(fd, 1, 8, 1) < 0)
    assert.ok(native().flock(fd, 2) < 0)
    assert.ok(native().close(fd) < 0)
    assert.ok(native().exchange(fd, new Uint8Array(16), new Uint8Array(16), 1) < 0)
    assert.ok(Number(native().peerCredentials(fd)) < 0)
    assert.ok(native().peerIsAlive(fd) < 0)
    assert.ok(native().receive(fd, new Uint8Array(16), 1) < 0)
    assert.ok((await native().receiveAsync(fd, new Uint8Array(16), 1)) < 0)
    assert.ok((await native().exchangeAsync(fd, new Uint8Array(16), new Uint8Array(16), 1)) < 0)
    assert.ok((await native().exchangeLong(fd, new Uint8Array(16), new Uint8Array(16), 1)) < 0)
    assert.ok((await native().sendAsync(fd, new Uint8Array(16))) < 0)
    if (fd === -1) continue
    assert.ok(native().socketIn(fd, 16, 3, 0) < 0)
    assert.ok(native().netlinkIn(fd, 0) < 0)
    assert.ok(Number(native().readIn(fd, '/dev/null')) < 0)
    assert.ok(native().writeIn(fd, '/dev/null', '') < 0)
  }
}

/** Paths at and over the limit, text that hides something behind a NUL, and buffers of unusual sizes. */
export function exerciseExtremes(): void {
  for (const length of [0, 1, 255, 4094, 4095])
    assert.ok(Number(native().readIn(-1, '/'.padEnd(length, 'x'))) < 0 || length <= 1)
  for (const path of ['x'.repeat(4096), 'x'.repeat(100_000), '/proc\0/self', 'ü'.repeat(2048)]) {
    assert.throws(() => native().readIn(-1, path), TypeError)
    assert.throws(() => native().writeIn(-1, path, ''), TypeError)
    assert.throws(() => native().openNetns(path), TypeError)
    assert.throws(() => native().newNetns(path), TypeError)
    assert.throws(() => native().mount('', path, '', 0), TypeError)
    assert.throws(() => native().umount(path, 0), TypeError)
  }
  const fd = native().socketIn(-1, 16, 3, 0)
  // Counted in 16 bits, these instructions would be one.
  assert.equal(native().attachFilter(fd, new Uint8Array(8 * 65537)), -22)
  for (const size of [0, 1, 12, 128, 129, 100_000]) {
    native().bind(fd, new Uint8Array(size))
    native().connect(fd, new Uint8Array(size))
    native().send(fd, new Uint8Array(size))
    native().receive(fd, new Uint8Array(size), 0)
  }
  for (const text of ['', 'x'.repeat(4096), 'ü\0'.repeat(100_000)])
    assert.equal(native().writeIn(-1, '/dev/null', text), Buffer.byteLength(text))
  assert.equal(native().readIn(-1, '/dev/null'), '')
  assert.equal(native().readIn(-1, '/dev/zero'), '\0'.repeat(4096))
  const detached = new Uint8Array(16)
  structuredClone(detached, { transfer: [detached.buffer] })
  assert.ok(native().send(fd, detached) <= 0)
  assert.ok(native().receive(fd, detached, 0) <= 0)
  assert.ok(native().exchange(fd, detached, detached, 0) <= 0)
  assert.ok(native().send(fd, new Uint8Array(new SharedArrayBuffer(4))) <= 4)
  closeSync(fd)
  for (const number of [-(2 ** 31), -1, 0, 1, 4095, 2 ** 31 - 1])
    assert.equal(typeof native().strerror(number), 'string')
}
