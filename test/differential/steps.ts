import fc, { type Arbitrary } from 'fast-check'
import type { Attachment, Command, Step } from './case.ts'

const attachments = fc.oneof(
  { arbitrary: fc.constant<Attachment>({ container: 'c1', ifName: 'eth0' }), weight: 5 },
  { arbitrary: fc.constant<Attachment>({ container: 'c2', ifName: 'eth0' }), weight: 2 },
  { arbitrary: fc.constant<Attachment>({ container: 'c1', ifName: 'net1' }), weight: 1 },
)

const anyCommand = fc.oneof(
  { arbitrary: fc.constant<Command>('ADD'), weight: 5 },
  { arbitrary: fc.constant<Command>('CHECK'), weight: 5 },
  { arbitrary: fc.constant<Command>('DEL'), weight: 3 },
  { arbitrary: fc.constant<Command>('GC'), weight: 1 },
  { arbitrary: fc.constant<Command>('STATUS'), weight: 1 },
  { arbitrary: fc.constant<Command>('VERSION'), weight: 1 },
)

function step(command: Arbitrary<Command>, about: Arbitrary<Attachment>): Arbitrary<Step> {
  const rest = fc.record({
    command,
    withResult: fc.oneof({ arbitrary: fc.constant(true), weight: 8 }, { arbitrary: fc.constant(false), weight: 1 }),
    // A look takes as long as many calls.
    look: fc.oneof({ arbitrary: fc.constant(false), weight: 2 }, { arbitrary: fc.constant(true), weight: 1 }),
    swappedTo: fc.constantFrom('patchbay', 'reference'),
  })
  return fc.tuple(about, rest).map(([attachment, keys]) => ({ ...attachment, ...keys }))
}

/** The attachment that every sequence begins with. */
const first = fc.constant<Attachment>({ container: 'c1', ifName: 'eth0' })

/** ADD, a few calls in any order, and DEL of everything, the last one for the second time. */
export const steps: Arbitrary<Step[]> = fc
  .tuple(
    step(fc.constant('ADD'), first),
    fc.array(step(anyCommand, attachments), { maxLength: 4 }),
    fc.tuple(
      step(fc.constant('DEL'), first),
      step(fc.constant('DEL'), fc.constant({ container: 'c2', ifName: 'eth0' })),
      step(fc.constant('DEL'), fc.constant({ container: 'c1', ifName: 'net1' })),
    ),
    step(fc.constant('DEL'), first),
  )
  .map(([add, middle, ends, again]) => {
    const added = [add, ...middle].filter(({ command }) => command === 'ADD')
    const isAdded = (end: Step) =>
      added.some(({ container, ifName }) => container === end.container && ifName === end.ifName)
    return [add, ...middle, ...ends.filter(isAdded), { ...again, look: true }]
  })
