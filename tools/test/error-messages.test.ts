import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { formatFinding } from '../check.ts'
import { checkErrorMessages } from '../error-messages.ts'
import { checkout } from './checkout.ts'

function found(t: TestContext, source: string, allowed: readonly object[] = []): string[] {
  const repository = checkout(t, {
    'tools/error-messages.json': JSON.stringify({ folders: ['src'], allowed }),
    'src/a.ts': source,
    'other/b.ts': `throw new Error('anything')`,
  })
  return checkErrorMessages(repository).map(formatFinding)
}

test('checkErrorMessages() accepts the grammar, and messages that are computed', (t) => {
  const source = [
    `throw new TypeError('Cannot send on this socket: it is closed')`,
    `throw new RangeError(\`Cannot add \${count} to "\${f({ a: \`b\` })}": \${reason}\`, { cause })`,
    'throw new Error(message)',
    'throw new OtherError("no")',
  ]
  assert.deepEqual(found(t, source.join('\n')), [])
})

test('checkErrorMessages() reports other forms', (t) => {
  const source = [
    `throw new Error('closed')`,
    `throw new RangeError(\n  'Cannot send')`,
    `throw new TypeError(\`Cannot send \${x}: it is closed.\`)`,
  ]
  const rest = 'is not of the form "Cannot <do> <thing>: <state>": reword it, or allow it in tools/error-messages.json'
  assert.deepEqual(found(t, source.join('\n')), [
    `src/a.ts:1: error-messages: "closed" ${rest}`,
    `src/a.ts:2: error-messages: "Cannot send" ${rest}`,
    `src/a.ts:4: error-messages: "Cannot send …: it is closed." ${rest}`,
  ])
})

test('checkErrorMessages() allows what is listed, and reports what is listed in vain', (t) => {
  const allowed = [
    { pattern: '^invalid IP', reason: 'x' },
    { pattern: '^never', reason: 'x' },
  ]
  assert.deepEqual(found(t, `throw new SyntaxError(\`invalid IP address: \${text}\`)`, allowed), [
    'tools/error-messages.json: error-messages: no message matches ^never: remove it',
  ])
})
