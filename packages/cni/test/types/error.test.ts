import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatJson, parseJson } from '../../src/json/index.ts'
import { CniError, errorCodes, isCniError, parseCniError } from '../../src/types/index.ts'

test('CniError has the text, and prints the object of the protocol', () => {
  const error = new CniError('tryAgainLater', 'busy', { details: 'lock held', cause: 'x' })
  assert.equal(error.message, 'busy; lock held')
  assert.equal(error.cause, 'x')
  assert.equal(formatJson(error.toJSON()), '{"code":11,"msg":"busy","details":"lock held"}')
  assert.equal(JSON.stringify(error), '{"code":11,"msg":"busy","details":"lock held"}')
})

test('CniError without details leaves them out', () => {
  const error = new CniError(123, 'own code')
  assert.equal(error.message, 'own code')
  assert.equal(formatJson(error.toJSON()), '{"code":123,"msg":"own code"}')
  assert.ok(!('cause' in error))
})

test('errorCodes has the codes of the specification and the library, each once', () => {
  const codes = Object.values(errorCodes).map(([code]) => code)
  assert.deepEqual(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 50, 51, 999])
})

test('isCniError() knows errors of another copy of the package', () => {
  class ForeignError extends Error {
    override name: string = 'CniError'
    code = 7
    msg = 'x'
    details = ''
    toJSON() {
      return { code: 7, msg: 'x' }
    }
  }
  assert.ok(isCniError(new CniError(1, 'x')))
  assert.ok(isCniError(new ForeignError()))
  const namesake = new ForeignError()
  namesake.name = 'OtherError'
  for (const other of [new Error('x'), namesake, { name: 'CniError', code: 1, msg: 'x' }, null, 'CniError']) {
    assert.ok(!isCniError(other))
  }
})

test('parseCniError() reads what a plugin printed, with or without cniVersion', () => {
  const printed = '{"cniVersion":"1.1.0","code":7,"msg":"bad","details":"more"}'
  const error = parseCniError(parseJson(printed))
  assert.deepEqual([error.code, error.msg, error.details, error.message], [7, 'bad', 'more', 'bad; more'])
  assert.deepEqual(parseCniError(parseJson('{"Code":5}')).toJSON(), { code: 5, msg: '' })
  assert.deepEqual(parseCniError(null).toJSON(), { code: 0, msg: '' })
})

test('parseCniError() refuses what is no error object', () => {
  const refused = [
    ['{"code":"7"}', 'string into Go struct field Error.code of type uint'],
    ['{"code":-1}', 'number -1 into Go struct field Error.code of type uint'],
    ['{"msg":5}', 'number into Go struct field Error.msg of type string'],
    ['[]', 'array into Go value of type types.Error'],
  ] as const
  for (const [printed, message] of refused) {
    assert.throws(() => parseCniError(parseJson(printed)), { message: `json: cannot unmarshal ${message}` })
  }
})
