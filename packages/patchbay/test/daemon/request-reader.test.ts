import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatOrigin, formatRequest, header, requestLimits } from '../../src/daemon/frames.ts'
import { RequestReader } from '../../src/daemon/request-reader.ts'

const env = Object.assign(Object.create(null), { CNI_COMMAND: 'ADD', EMPTY: '', PAIR: 'a=b' })
const request = { name: 'bridge', env, stdin: '{"name":"nät"}' }
const origin = formatOrigin('build')
const bytes = Buffer.from(formatRequest('build', request))

/** A small generator of numbers below `limit`, the same for the same seed: mulberry32. */
function random(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

/** What a reader makes of pieces of these sizes, the last being what is left. */
function readInPieces(all: Buffer, nextSize: () => number): unknown {
  const reader = new RequestReader(origin)
  let result: unknown
  for (let at = 0; at < all.length; ) {
    const size = Math.max(1, nextSize())
    result = reader.accept(all.subarray(at, at + size))
    at += size
  }
  return result
}

test('RequestReader.accept() puts a request together from whatever pieces it comes in', () => {
  assert.deepEqual(new RequestReader(origin).accept(bytes), request)
  assert.deepEqual(
    readInPieces(bytes, () => 1),
    request,
  )
  const seed = Date.now() % 2 ** 31
  const next = random(seed)
  for (let round = 0; round < 200; round++)
    assert.deepEqual(
      readInPieces(bytes, () => next(40)),
      request,
      `seed ${seed}`,
    )
})

test('RequestReader.accept() refuses what is no request, or one of another build or protocol', () => {
  const altered = (at: number, value: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at] = value
    return copy
  }
  const accept = (all: Buffer) => new RequestReader(origin).accept(all)
  assert.throws(
    () => accept(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\nand more')),
    /it is none/,
  )
  assert.throws(() => accept(altered(header.protocol, 9)), /of another build/)
  assert.throws(() => accept(altered(header.build, 0x41)), /of another build/)
  assert.throws(() => accept(altered(header.build + 5, 0x41)), /of another build/)
  assert.throws(() => accept(Buffer.concat([bytes, Buffer.of(0)])), /something follows it/)
})

test('RequestReader.accept() refuses a length beyond the limits before it has come', () => {
  const limits = [
    [header.nameLength, requestLimits.name],
    [header.envLength, requestLimits.env],
    [header.stdinLength, requestLimits.stdin],
  ] as const
  for (const [at, limit] of limits) {
    const head = Buffer.from(bytes.subarray(0, header.size))
    head.writeUInt32LE(limit, at)
    assert.equal(new RequestReader(origin).accept(head), undefined)
    head.writeUInt32LE(limit + 1, at)
    assert.throws(() => new RequestReader(origin).accept(head), /it is too large/)
  }
})

test('RequestReader holds no more memory than twice what has come, whatever is announced', () => {
  const head = Buffer.from(bytes.subarray(0, header.size))
  head.writeUInt32LE(requestLimits.stdin, header.stdinLength)
  const reader = new RequestReader(origin)
  let come = 0
  for (const piece of [head, ...Array.from({ length: 5000 }, (_, index) => Buffer.alloc(1 + (index % 7)))]) {
    reader.accept(piece)
    come += piece.length
    assert.ok(reader.size <= 2 * come, `${reader.size} bytes for ${come}`)
  }
})

test('RequestReader.accept() survives any bytes', () => {
  const seed = Date.now() % 2 ** 31
  const next = random(seed)
  for (let round = 0; round < 3000; round++) {
    // Every other one begins as a request does.
    const noise = Uint8Array.from({ length: next(200) }, () => next(256))
    const start = round % 2 === 0 ? bytes.subarray(0, next(bytes.length)) : new Uint8Array()
    try {
      readInPieces(Buffer.concat([start, noise]), () => 1 + next(60))
    } catch (error) {
      assert.ok(error instanceof RangeError, `seed ${seed}: ${error}`)
    }
  }
})

test('RequestReader.accept() reads variables as getenv(3) does', () => {
  const [env, stdin] = ['A=1\0A=2\0=x\0noise\0__proto__=p\0B=\0', '']
  const head = Buffer.from(formatRequest('build', { name: 'x', env: {}, stdin }))
  head.writeUInt32LE(env.length, header.envLength)
  const read = new RequestReader(origin).accept(Buffer.concat([head, Buffer.from(env)]))
  assert.deepEqual(Object.entries(read?.env ?? {}).sort(), [
    ['A', '1'],
    ['B', ''],
    ['__proto__', 'p'],
  ])
})
