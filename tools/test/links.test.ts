import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFinding } from '../check.ts'
import { checkLinks } from '../links.ts'
import { checkout } from './checkout.ts'

test('checkLinks() accepts files, folders, headings and other places', (t) => {
  const repository = checkout(t, {
    'README.md':
      '# Top\n[a](docs/a.md#part-two) [b](docs) [c](#top) [d](https://example.org/x#y) [e](/docs/a.md) [f](src/x.ts#L3)',
    'docs/a.md': '## Part two\n[up](../README.md) [root](..)\n',
    'src/x.ts': '',
  })
  assert.deepEqual(checkLinks(repository), [])
})

test('checkLinks() reports what leads nowhere', (t) => {
  const repository = checkout(t, {
    'README.md': '[a](docs/b.md)\n[c](docs/a.md#three) [d](#none)\n',
    'docs/a.md': '[x](README.md)',
  })
  assert.deepEqual(checkLinks(repository).map(formatFinding), [
    'README.md:1: links: "docs/b.md" leads to no file of the repository: correct the path',
    'README.md:2: links: "docs/a.md#three" leads to no heading: docs/a.md has none that is spelled so',
    'README.md:2: links: "#none" leads to no heading: README.md has none that is spelled so',
    'docs/a.md:1: links: "README.md" leads to no file of the repository: correct the path',
  ])
})
