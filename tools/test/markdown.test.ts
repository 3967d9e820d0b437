import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anchorsOf, fencesOf, linksOf } from '../markdown.ts'

describe('fencesOf()', () => {
  test('tells marker, line and text', () => {
    const document = 'a\n```ts no-run\nb\n\nc\n```\n~~~\nd\n~~~\n'
    assert.deepEqual(fencesOf(document), [
      { info: 'ts no-run', line: 3, text: 'b\n\nc', end: 6 },
      { info: '', line: 8, text: 'd', end: 9 },
    ])
  })

  test('takes off the indentation of a list', () => {
    assert.equal(fencesOf('- x\n  ```sh\n  a\n    b\n  ```\n')[0]?.text, 'a\n  b')
  })

  test('keeps shorter marks inside longer ones', () => {
    const [fence, ...more] = fencesOf('````\n```ts\na\n```\n````\n')
    assert.equal(fence?.text, '```ts\na\n```')
    assert.deepEqual(more, [])
  })
})

test('linksOf() finds links outside of code', () => {
  const document = '[a](a.md) and ![b](b.png "B") `[c](c.md)`\n```\n[d](d.md)\n```\n[e]: <e.md>\n'
  assert.deepEqual(linksOf(document), [
    { target: 'a.md', line: 1 },
    { target: 'b.png', line: 1 },
    { target: 'e.md', line: 5 },
  ])
})

test('anchorsOf() spells headings as GitHub does', () => {
  const document = '# A b, `c_d`!\n## Same\n## Same\n```\n# no\n```\n### [x](y) — z\n<a id="own"></a>\n'
  assert.deepEqual([...anchorsOf(document)], ['a-b-c_d', 'same', 'same-1', 'x--z', 'own'])
})
