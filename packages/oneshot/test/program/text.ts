import { createHash } from 'node:crypto'
import { basename, delimiter, dirname, isAbsolute, join, normalize, sep } from 'node:path'
import type { Cases } from './answers.ts'
import { numbersFrom } from './numbers.ts'

const paths = [
  '',
  '.',
  '/',
  '//',
  '/a',
  'a',
  'a/',
  '/a/',
  'a/b',
  '/a/b/',
  '//a//b//',
  '//a',
  '../a',
  '/../a',
  'a/..',
  'a/../..',
  './a',
  'a/./b',
  '/.',
  '...',
  'a..',
  '/a/b/../../..',
]

/** Bytes among which beginnings and middles of UTF-8 sequences are frequent. */
function someBytes(seed: number, length: number): Uint8Array {
  const likely = [
    0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xa0, 0xed, 0x9f, 0xee, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff,
  ]
  const numbers = numbersFrom(seed)
  return Uint8Array.from({ length }, () => likely[(numbers.next().value ?? 0) % likely.length] ?? 0)
}

const texts = [
  '',
  'abc',
  'é€😀',
  '\ud800',
  'a\udc00b',
  '\udc00\ud800',
  '\ud83d\ude00',
  '\u0000',
  '\ufeffbom',
  'x'.repeat(5000),
]

export const textCases: Cases = {
  'node:path': () => paths.map((path) => [path, normalize(path), dirname(path), basename(path), isAbsolute(path)]),
  'path.join': () => paths.map((path) => [join(path, 'x'), join('x', path), join('/x', path, '..', 'y'), join(path)]),
  'path.basename with a suffix': () => [basename('/a/b.js', '.js'), basename('.js', '.js'), basename('b.jsx', '.js')],
  'path constants': () => [sep, delimiter],
  'TextDecoder on any bytes': () =>
    Array.from({ length: 300 }, (_, seed) => new TextDecoder().decode(someBytes(seed, 1 + (seed % 24)))),
  'Buffer.toString on any bytes': () =>
    Array.from({ length: 300 }, (_, seed) => Buffer.from(someBytes(seed + 999, 1 + (seed % 24))).toString()),
  'TextDecoder piece by piece': () =>
    [1, 2, 3, 5].map((size) => {
      const bytes = new TextEncoder().encode('a😀é€z'.repeat(9))
      const decoder = new TextDecoder()
      let text = ''
      for (let at = 0; at < bytes.length; at += size)
        text += decoder.decode(bytes.subarray(at, at + size), { stream: true })
      return text + decoder.decode()
    }),
  'TextDecoder ends in the middle': () => {
    const decoder = new TextDecoder()
    return [decoder.decode(new Uint8Array([0x41, 0xf0, 0x9f]), { stream: true }), decoder.decode()]
  },
  TextEncoder: () => texts.map((text) => new TextEncoder().encode(text)),
  'Buffer.from': () => [
    ...texts.map((text) => Uint8Array.from(Buffer.from(text))),
    Uint8Array.from(Buffer.from([1, 256, -1])),
    Uint8Array.from(Buffer.from(new Uint8Array([1, 2, 3]).subarray(1))),
  ],
  'Buffer.from copies bytes': () => {
    const bytes = new Uint8Array([1, 2])
    const copy = Buffer.from(bytes)
    bytes[0] = 9
    return copy[0]
  },
  'Buffer.concat, compare, equals, byteLength': () => [
    Buffer.concat([Buffer.from('a'), new Uint8Array([66]), Buffer.alloc(2)]).toString('latin1'),
    [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'a'],
      ['a', 'ab'],
      ['', 'a'],
    ].map(([a = '', b = '']) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    Buffer.from('ab').equals(Buffer.from('ab')),
    Buffer.from('ab').equals(Buffer.from('abc')),
    texts.map((text) => Buffer.byteLength(text)),
  ],
  'Buffer.toString': () => {
    const bytes = Buffer.from([0, 1, 0x7f, 0x80, 0xff, 0x41])
    return [bytes.toString('hex'), bytes.toString('latin1'), bytes.toString('utf8', 5), bytes.toString('utf8', 2, 3)]
  },
  'Buffer.readUInt32BE': () => [0, 1].map((at) => Buffer.from([0, 255, 254, 3, 4, 5]).subarray(1).readUInt32BE(at)),
  'parts of a Buffer are Buffers': () => {
    const part = Buffer.from('hello').subarray(1, 3)
    return [part.toString(), Buffer.isBuffer(part), part.includes(0x65), part.indexOf(0x6c)]
  },
  ...Object.fromEntries(
    ['sha256', 'sha512'].map((name) => [
      name,
      () =>
        Array.from({ length: 140 }, (_, length) => length).map((length) =>
          createHash(name).update(someBytes(length, length)).update('é').digest('hex'),
        ),
    ]),
  ),
  'the bytes of a hash': () => Uint8Array.from(createHash('sha256').update('x').digest().subarray(0, 4)),
}
