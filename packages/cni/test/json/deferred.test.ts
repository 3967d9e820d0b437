import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlierValues } from '../../src/json/earlier.ts'
import { type JsonValue, maxDepth, parseJson } from '../../src/json/index.ts'
import { placeOfNumber } from '../../src/json/literal.ts'
import { outOfRangeIn } from '../../src/json/out-of-range.ts'
import { parseText } from '../../src/json/parse.ts'
import { isJsonObject } from '../../src/json/value.ts'
import { LongDocument } from './long-document.ts'
import { forSeeds, Random } from './random.ts'

const long = 'x'.repeat(30_000)

/** The keys of an object that are not parsed yet. */
function deferredKeys(json: JsonValue): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(json)).flatMap(([key, { get }]) => (get ? [key] : []))
}

/** All that can be asked of a value, with keys in their order. */
function everythingIn(json: JsonValue): unknown {
  if (typeof json !== 'object' || json === null) return Object.is(json, -0) ? '-0' : json
  const literalAt = (key: string | number) => placeOfNumber({ path: '' }, json as JsonValue[], key).literal
  const parts = Array.isArray(json)
    ? json.map((part, index) => [everythingIn(part), literalAt(index)])
    : Object.entries(json).map(([key, part]) => [
        key,
        everythingIn(part),
        literalAt(key),
        earlierValues(json, key)?.map((value) => (Array.isArray(value) ? 'list' : everythingIn(value))),
      ])
  return [Array.isArray(json), outOfRangeIn(json), parts]
}

/** What a way of parsing makes of a text, or its error. */
function outcomeOf(parse: (text: string) => JsonValue, text: string): unknown {
  try {
    return everythingIn(parse(text))
  } catch (error) {
    return `${error}`
  }
}

test('parseJson() parses long members when somebody asks for them', () => {
  const json = parseJson(`{"a":1,"list":[${'[],'.repeat(10_000)}0],"text":"${long}","o":{"p":"${long}","q":2}}`)
  assert.deepEqual(deferredKeys(json), ['list', 'text', 'o'])
  assert.ok(isJsonObject(json))
  assert.deepEqual(Object.keys(json), ['a', 'list', 'text', 'o'])
  assert.equal(json['text'], long)
  assert.deepEqual(deferredKeys(json), ['list', 'o'])
  assert.deepEqual(deferredKeys(json['o'] ?? null), ['p'])
  assert.equal(json['o'], json['o'])
})

test('a member that is not parsed yet can be replaced, removed and copied', () => {
  const make = () => Object(parseJson(`{"a":"${long}","b":1}`))
  const replaced = make()
  replaced.a = 5
  assert.deepEqual(Object.entries(replaced), [
    ['a', 5],
    ['b', 1],
  ])
  const removed = make()
  delete removed.a
  assert.deepEqual(removed, { b: 1 })
  assert.deepEqual({ ...make() }, { a: long, b: 1 })
  assert.equal(JSON.stringify(make()), `{"a":"${long}","b":1}`)
})

test('parseJson() tells of a number that no double holds in a long member', () => {
  const text = `{"a":["${long}",1e400]}`
  assert.throws(() => parseJson(text), /cannot unmarshal number 1e400 into/)
  assert.equal(outOfRangeIn(Object(parseJson(text, { outOfRange: 'infinite' })).a), '1e400')
  const digits = '9'.repeat(400)
  assert.throws(() => parseJson(`{"a":["${long}",${digits}]}`), { message: new RegExp(`number ${digits} into`) })
})

test('parseJson() nests as deep in long members as elsewhere', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}"${long}"${']'.repeat(depth)}}`
  assert.deepEqual(deferredKeys(parseJson(nested(maxDepth - 1))), ['a'])
  assert.throws(() => parseJson(nested(maxDepth)), { message: "invalid character '[' exceeded max depth" })
})

test('parseJson() makes the same of long documents as when it parses all of them at once', () => {
  forSeeds(400, (random) => {
    const text = new LongDocument(random).text()
    for (const outOfRange of ['error', 'infinite'] as const)
      assert.deepEqual(
        outcomeOf((whole) => parseJson(whole, { outOfRange }), text),
        outcomeOf((whole) => parseText(whole, outOfRange), text),
      )
  })
})

test('parseJson() says the same of damaged long documents as when it parses all of them at once', () => {
  forSeeds(400, (random) => {
    const text = new LongDocument(random).damaged()
    assert.deepEqual(
      outcomeOf(parseJson, text),
      outcomeOf((whole) => parseText(whole, 'error'), text),
    )
  })
})

test('the generated documents have members of every kind that is parsed later', () => {
  const kinds = new Set<string>()
  for (let seed = 1; seed <= 50; seed++) {
    const json = Object(parseJson(new LongDocument(new Random(seed)).text(), { outOfRange: 'infinite' }))
    for (const key of deferredKeys(json)) kinds.add(Array.isArray(json[key]) ? 'array' : typeof json[key])
  }
  assert.deepEqual([...kinds].sort(), ['array', 'object', 'string'])
})
