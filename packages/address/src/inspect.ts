/** The key under which Node and Bun look for a value's own way of being printed by `console.log`. */
export const inspect = Symbol.for('nodejs.util.inspect.custom')
