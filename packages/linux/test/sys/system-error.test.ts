import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { test } from 'node:test'
import { checked, checkedCalls, checkedFileCall, errno, errnoName, errnoText } from '../../src/sys/index.ts'

test('errnoName() names every number as Node does', () => {
  for (const [name, number] of Object.entries(constants.errno)) {
    // Two names of one number each; the kernel's own list has these.
    const ours = { EWOULDBLOCK: 'EAGAIN', ENOTSUP: 'EOPNOTSUPP' }[name] ?? name
    assert.equal(errnoName(number), ours)
  }
})

test('errnoName() of a number without a name is the number', () => {
  for (const number of [0, 41, 58, 134, 524, -1]) assert.equal(errnoName(number), `E${number}`)
})

test('errno has the numbers that Node has', () => {
  const known: Record<string, number> = constants.errno
  for (const [name, number] of Object.entries(errno)) assert.equal(number, known[name], name)
})

test('errnoText() is the text of the C library in lower case', () => {
  assert.equal(errnoText(errno.EEXIST), 'file exists')
  assert.equal(errnoText(errno.EPERM), 'operation not permitted')
  assert.equal(errnoText(errno.ENOBUFS), 'no buffer space available')
})

test('checked() throws what a negative result stands for, and gives any other', () => {
  assert.equal(checked('open', 0), 0)
  assert.equal(checked('open', 7), 7)
  assert.throws(() => checked('open', -2, '/x'), {
    name: 'SystemError',
    syscall: 'open',
    errno: 2,
    code: 'ENOENT',
    path: '/x',
    message: 'open /x: no such file or directory',
  })
  assert.throws(() => checked('setns', -1), { message: 'setns: operation not permitted' })
})

test('checkedCalls() names the one that failed of several system calls', () => {
  const calls = ['open', 'write']
  assert.equal(checkedCalls(calls, 5), 5)
  assert.throws(() => checkedCalls(calls, -2, '/x'), { syscall: 'open', code: 'ENOENT', path: '/x' })
  assert.throws(() => checkedCalls(calls, -4096 - 22, '/x'), {
    syscall: 'write',
    errno: 22,
    message: 'write /x: invalid argument',
  })
})

test('checkedFileCall() throws of a failed system call what checked() does, and any other error as it is', () => {
  assert.equal(
    checkedFileCall(() => 7),
    7,
  )
  assert.throws(() => checkedFileCall(() => readFileSync('/nowhere/file')), {
    name: 'SystemError',
    syscall: 'open',
    errno: 2,
    code: 'ENOENT',
    path: '/nowhere/file',
    message: 'open /nowhere/file: no such file or directory',
  })
  assert.throws(() => checkedFileCall(() => readFileSync('a\0b')), { code: 'ERR_INVALID_ARG_VALUE' })
})
