import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blank, lineAt } from '../source-text.ts'

describe('blank()', () => {
  test('keeps length and line breaks', () => {
    const text = 'a /* one\ntwo */ b // three\n`x\ny` c'
    assert.equal(blank(text), 'a       \n       b         \n` \n ` c')
  })

  const rows: Record<string, readonly [string, string]> = {
    'erases strings with escaped quotes': [`f('a\\'b', "c") + 1`, `f('    ', " ") + 1`],
    'keeps code inside templates': [`\`a \${b(\`c\`, {d: 1})} e\` + f`, `\`  \${b(\` \`, {d: 1})}  \` + f`],
    'goes back into a template after braces of its own': [`\`\${ { a: \`}\` } }x\` + y`, `\`\${ { a: \` \` } } \` + y`],
    'erases regular expressions': ['x = /[/"]\\/"/g; y', 'x = /       /g; y'],
    'tells division from regular expressions': ['a / b / "c"', 'a / b / " "'],
    'reads a regular expression after return': [`return /'/ + 'x'`, `return / / + ' '`],
    'erases the first line of a script': ['#!/bin/node {\nx', `${' '.repeat(13)}\nx`],
    'survives text that ends early': ["f('abc", "f('  c"],
    'survives a template that ends early': [`\`a\${b`, `\` \${b`],
  }
  for (const [name, [source, expected]] of Object.entries(rows)) {
    test(name, () => assert.equal(blank(source), expected))
  }
})

test('lineAt() counts from one', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((position) => lineAt('a\nb\n', position)),
    [1, 1, 2, 2],
  )
})
