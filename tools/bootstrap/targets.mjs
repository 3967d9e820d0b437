/** Machines that executables can be built for on another one, by the names that Node has for them. */
const targets = {
  arm64: { compiler: 'aarch64-linux-gnu-gcc', emulator: 'qemu-aarch64', bunPackage: '@oven/bun-linux-aarch64' },
}

/**
 * What a machine's programs are made with.
 *
 * @param target `undefined` for the machine that this runs on
 * @returns `compiler`; `runner`, the words in front of a program of that machine that run it here; `suffix` of the folder in `dist`
 * that executables go to; `bunPackage`, the npm package with the machine's Bun
 * @throws RangeError for a target that is not known
 */
export function toolchainOf(target) {
  if (target === undefined) return { compiler: process.env.CC || 'cc', runner: [], suffix: '' }
  if (!Object.hasOwn(targets, target))
    throw new RangeError(`Cannot build for "${target}": the targets are ${Object.keys(targets).join(', ')}`)
  const { emulator, ...toolchain } = targets[target]
  return { ...toolchain, runner: process.arch === target ? [] : [emulator], suffix: `-${target}` }
}
