/** Symbols that classes of programs have methods by. In a module that imports none: what it would import might have such a class. */
for (const name of ['dispose', 'asyncDispose'])
  Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`), writable: true, configurable: true })

export {}
