import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { formatFinding } from '../check.ts'
import { checkExamples } from '../doc-examples.ts'
import { checkout } from './checkout.ts'
import { withoutNamespaces, withoutProgram } from './without-program.ts'

function document(...blocks: readonly (readonly [info: string, text: string])[]): string {
  return blocks.map(([info, text]) => `\`\`\`${info}\n${text}\n\`\`\`\n`).join('\n')
}

describe('checkExamples()', () => {
  test('runs sound examples and leaves other blocks alone', { skip: withoutNamespaces }, (t) => {
    const repository = checkout(t, {
      'README.md': document(
        ['ts', `import { hostname } from 'node:os'\nconsole.log(typeof hostname(), await Promise.resolve(1))`],
        ['text', 'string 1'],
        ['ts no-run', `const n: number = 1\nthrow new Error(String(n))`],
        ['sh', 'exit 1'],
        ['js', 'not javascript'],
      ),
      'docs/deep/a.md': document(['sh run', 'ls docs\ngrep -c lo: /proc/net/dev'], ['text', 'deep\n1']),
    })
    assert.deepEqual(checkExamples(repository), [])
  })

  test('reports type errors at their line, and does not run that block', (t) => {
    const text = `# A\n\n${document(['ts', `console.log('ran')\nconst n: number = 'x'`], ['ts no-run', 'const unused = 1'])}`
    const found = checkExamples(checkout(t, { 'a.md': text })).map(formatFinding)
    assert.deepEqual(found, [
      "a.md:5: types: TS2322: Type 'string' is not assignable to type 'number'.",
      "a.md:5: types: TS6133: 'n' is declared but its value is never read.",
      "a.md:9: types: TS6133: 'unused' is declared but its value is never read.",
    ])
  })

  test('reports examples that fail, with what they printed', { skip: withoutNamespaces }, (t) => {
    const text = document(['ts', `throw new RangeError('too far')`], ['sh run', 'echo hello\nfalse\necho no'])
    const [first, second, ...more] = checkExamples(checkout(t, { 'a.md': text })).map(formatFinding)
    assert.match(
      first ?? '',
      /^a\.md:2: run: ended with status 1 and printed:\n\s+\S*a\.L2\.ts:2\n[\s\S]*RangeError: too far/,
    )
    assert.equal(second, 'a.md:6: run: ended with status 1 and printed:\n    hello')
    assert.deepEqual(more, [])
  })

  test('reports output that differs', { skip: withoutNamespaces }, (t) => {
    const text = document(
      ['sh run', 'echo one; echo two >&2'],
      ['text', 'one\n'],
      ['ts', 'console.log(3)'],
      ['text', '4'],
    )
    const advice = 'the example above prints this instead (… and <any> stand for what varies):'
    assert.deepEqual(checkExamples(checkout(t, { 'a.md': text })).map(formatFinding), [
      `a.md:6: output: ${advice}\n    one\n    two`,
      `a.md:15: output: ${advice}\n    3`,
    ])
  })

  test('keeps the machine as it was', { skip: withoutProgram('ip') }, (t) => {
    const script = 'ip link add name docs0 type bridge; touch /run/docs-example; mkdir -p /var/lib/docs-example'
    assert.deepEqual(checkExamples(checkout(t, { 'a.md': document(['sh run', script]) })), [])
    assert.doesNotMatch(readFileSync('/proc/net/dev', 'utf8'), /docs0/)
    assert.deepEqual(['/run/docs-example', '/var/lib/docs-example'].filter(existsSync), [])
  })
})
