import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchesOutput } from '../expected-output.ts'

describe('matchesOutput()', () => {
  const same: Record<string, readonly [string, string]> = {
    'forgives space at the ends': ['a\nb\n', 'a  \nb\n\n'],
    'takes signs literally': ['[1] (a+b) $x', '[1] (a+b) $x'],
    'lets … stand for text within a line': ['mac … up', 'mac 0a:58:0a:00 up'],
    'lets … alone stand for lines': ['a\n…\nd', 'a\nb\nc\nd'],
    'lets … alone stand for no line': ['a\n…\nd', 'a\nd'],
    'lets <any> stand for a word': ['id <any>,', 'id 17,'],
  }
  for (const [name, [expected, actual]] of Object.entries(same)) {
    test(name, () => assert.equal(matchesOutput(expected, actual), true))
  }

  const different: Record<string, readonly [string, string]> = {
    'sees a missing line': ['a\nb', 'a'],
    'sees a line too many': ['a', 'a\nb'],
    'does not let … in a line reach the next': ['a … c', 'a b\nc'],
    'does not let <any> stand for two words': ['id <any>', 'id 1 2'],
    'takes a point literally': ['1.2', '112'],
    'sees that nothing was printed': ['a', ''],
  }
  for (const [name, [expected, actual]] of Object.entries(different)) {
    test(name, () => assert.equal(matchesOutput(expected, actual), false))
  }
})
