import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { workspaceRoot } from '#tools/repository'

const folder = join(workspaceRoot(), 'dist', 'cni-arm64', 'bin')
/** <elf.h> */
const [EM_AARCH64, PT_LOAD, PT_INTERP] = [183, 1, 3]
/** The largest page that a kernel for arm64 can be built with. */
const LARGEST_PAGE = 65_536

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly alignment: number
}

/** What the header of a 64-bit ELF file says, <elf.h>. */
function elf(name: string): { machine: number; segments: Segment[] } {
  const file = readFileSync(join(folder, name))
  assert.equal(file.toString('latin1', 0, 6), '\x7fELF\x02\x01', name)
  const [start, size, count] = [Number(file.readBigUInt64LE(0x20)), file.readUInt16LE(0x36), file.readUInt16LE(0x38)]
  const segments = Array.from({ length: count }, (_, index) => {
    const at = start + index * size
    const word = (offset: number): number => Number(file.readBigUInt64LE(at + offset))
    return { type: file.readUInt32LE(at), offset: word(8), address: word(16), alignment: word(48) }
  })
  return { machine: file.readUInt16LE(0x12), segments }
}

describe('npm run build -- --target arm64', () => {
  test('makes all that the build for this machine makes', () => {
    const own = readdirSync(join(workspaceRoot(), 'dist', 'cni', 'bin'))
    assert.deepEqual(readdirSync(folder).sort(), own.sort())
  })

  for (const name of ['patchbay', 'patchbay-plugins', 'patchbay-shim', 'patchbay-addon.node'])
    test(`makes ${name} for arm64, for kernels with pages of any size`, () => {
      const { machine, segments } = elf(name)
      assert.equal(machine, EM_AARCH64)
      const loaded = segments.filter(({ type }) => type === PT_LOAD)
      assert.ok(loaded.length > 0)
      for (const { offset, address, alignment } of loaded) {
        assert.ok(alignment >= LARGEST_PAGE, `${alignment}`)
        assert.equal(address % LARGEST_PAGE, offset % LARGEST_PAGE)
      }
    })

  for (const name of ['patchbay-plugins', 'patchbay-shim'])
    test(`makes ${name} without libraries`, () => {
      assert.deepEqual(
        elf(name).segments.filter(({ type }) => type === PT_INTERP),
        [],
      )
    })
})
