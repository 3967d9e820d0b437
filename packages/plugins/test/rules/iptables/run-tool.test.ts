import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasTool, runTool, ToolNotFoundError } from '../../../src/rules/iptables/run-tool.ts'

const caller = { hostNetns: '/proc/self/ns/net', env: { PATH: process.env['PATH'], NAME: 'value' } }

test('runTool() gives a program its input and the environment of the caller', async () => {
  const script = 'echo "$NAME:$(cat)"; echo wrong >&2; exit 3'
  assert.deepEqual(await runTool(caller, ['sh', '-c', script], 'input'), {
    status: 3,
    stdout: 'value:input\n',
    stderr: 'wrong\n',
  })
})

test('runTool() does not mind a program that reads nothing', async () => {
  assert.equal((await runTool(caller, ['true'], 'x'.repeat(2 ** 20))).status, 0)
})

test('runTool() finds programs by the PATH of the caller alone', async () => {
  const nowhere = { ...caller, env: { PATH: '/nonexistent:relative' } }
  assert.deepEqual([hasTool(nowhere, 'sh'), hasTool(caller, 'sh'), hasTool({ env: {} }, 'sh')], [false, true, true])
  await assert.rejects(runTool(nowhere, ['sh']), (error) => {
    assert.ok(error instanceof ToolNotFoundError)
    assert.equal(error.message, 'exec: "sh": executable file not found in $PATH')
    return true
  })
})

test('runTool() ends a program when the call is aborted', async () => {
  const controller = new AbortController()
  const run = runTool({ ...caller, signal: controller.signal }, ['sleep', '60'])
  setTimeout(() => controller.abort(new Error('enough')), 50)
  await assert.rejects(run, { message: 'enough' })
})
