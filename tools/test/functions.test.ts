import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { functionsOf } from '../functions.ts'

describe('functionsOf()', () => {
  const rows: Record<string, readonly [string, readonly (readonly [string, number, number])[]]> = {
    'measures a declaration with its braces': ['\nfunction f(a: number) {\n  g()\n}\n', [['f', 2, 3]]],
    'counts parameters on lines of their own': ['function f(\n  a: { b: number },\n): void {\n}', [['f', 1, 4]]],
    'passes over a return type in braces': ['function f(): { a: 1 } | { b: 2 } {\n}', [['f', 1, 2]]],
    'passes over nested type parameters': ['function f<T extends A<() => B>>(): Map<T, { a: 1 }> {\n}', [['f', 1, 2]]],
    'passes over a type predicate': ['function f(x: A): x is { a: 1 } {\n}', [['f', 1, 2]]],
    'passes over literal types': [`function f(): 'a' | 'b' {\n}`, [['f', 1, 2]]],
    'does not take overloads for bodies': ['function f(): A\nfunction f(): B {\n}', [['f', 2, 2]]],
    'does not take interface members for bodies': ['interface A { f(): B }\nclass C {\n}', []],
    'finds methods, accessors and private ones': [
      'class A extends B(C) {\n  constructor(x: X) {\n  }\n  get a(): A {\n  }\n  async #b<T>(): Promise<T> {\n  }\n}',
      [
        ['constructor', 2, 2],
        ['a', 4, 2],
        ['#b', 6, 2],
      ],
    ],
    'names arrow functions by what holds them': [
      'const a = async (x: X): Promise<Y> => {\n}\nconst o = { b: () => {\n} }\nc("d", () => {\n})',
      [
        ['a', 1, 2],
        ['b', 3, 2],
        ['c("d")', 5, 2],
      ],
    ],
    'leaves statements alone': [
      'if (a) {\n} else if (b) {\n}\nfor (;;) {\n}\nswitch (c) {\n}\ntry {\n} catch (e) {\n}',
      [],
    ],
    'leaves expression bodies and conditions alone': ['const a = (b) => ({ c: 1 })\nconst d = e ? (f) : { g: 1 }', []],
    'ignores braces in strings and comments': ['function f() { // {\n  g("{", `{`, /{/)\n}', [['f', 1, 3]]],
    'lists inner functions as well': [
      'function f() {\n  const g = () => {\n  }\n}',
      [
        ['f', 1, 4],
        ['g', 2, 2],
      ],
    ],
    'does not count groups of tests': [`describe('a', () => {\n  test('b', () => {\n  })\n})`, [['test("b")', 2, 2]]],
    'does not count a function that declares tests': [
      `enclosed(x, () => {\n  test('b', () => {\n  })\n})\nfunction f() {\n  /a/.test(x)\n}`,
      [
        ['test("b")', 2, 2],
        ['f', 5, 3],
      ],
    ],
    'passes over arrows in type parameters': ['function f(): Map<() => A, B> {\n}', [['f', 1, 2]]],
    'passes over quotes in return types': [`function f(): { a: '}' } | "{" {\n}`, [['f', 1, 2]]],
    'does not take a case for a method': ['switch (a) {\n  case f(b): return {\n  }\n}', []],
    'does not take a class for a method': ['class A extends b(C) {\n}', []],
    'reads C': ['static int f(int a)\n{\n  if (a) {\n  }\n}\nint g(void);\n', [['f', 1, 5]]],
  }
  for (const [name, [source, expected]] of Object.entries(rows)) {
    test(name, () => {
      assert.deepEqual(
        functionsOf(source).map((span) => [span.name, span.line, span.lines]),
        expected,
      )
    })
  }
})
