import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paint, terminalOf } from '../terminal.ts'

test('terminalOf() draws with Unicode on a terminal whose locale is UTF-8', () => {
  assert.equal(terminalOf({ LANG: 'C.UTF-8' }, true).unicode, true)
  assert.equal(terminalOf({ LC_CTYPE: 'de_AT.utf8', LANG: 'C' }, true).unicode, true)
  assert.equal(terminalOf({ LC_ALL: '', LANG: 'en_GB.UTF-8' }, true).unicode, true)
  assert.equal(terminalOf({ LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, true).unicode, false)
  assert.equal(terminalOf({}, true).unicode, false)
  assert.equal(terminalOf({ LANG: 'C.UTF-8', TERM: 'dumb' }, true).unicode, false)
  assert.equal(terminalOf({ LANG: 'C.UTF-8' }, false).unicode, false)
})

test('terminalOf() has colours on a terminal, unless NO_COLOR is set', () => {
  assert.equal(terminalOf({}, true).colour, true)
  assert.equal(terminalOf({ NO_COLOR: '1' }, true).colour, false)
  assert.equal(terminalOf({ NO_COLOR: '' }, true).colour, true)
  assert.equal(terminalOf({ TERM: 'dumb' }, true).colour, false)
  assert.equal(terminalOf({}, false).colour, false)
})

test('paint() leaves a text as it is where there are no colours', () => {
  assert.equal(paint({ unicode: true, colour: false }, 'red', 'x'), 'x')
  assert.equal(paint({ unicode: true, colour: true }, 'red', 'x'), '\u001b[31mx\u001b[0m')
})
