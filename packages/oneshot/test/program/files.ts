import * as fs from 'node:fs'
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import type { Cases } from './answers.ts'

const { constants } = fs

/** Makes what a call needs, in the current directory, and takes it away again. */
function within<T>(run: () => T): T {
  fs.mkdirSync('scratch')
  try {
    return run()
  } finally {
    clear('scratch')
  }
}

function clear(directory: string): void {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) clear(path)
    else fs.unlinkSync(path)
  }
  fs.rmdirSync(directory)
}

/** The errors of calls, in a list. */
function errorsOf(...calls: readonly (() => unknown)[]): unknown[] {
  return calls.map((call) => {
    try {
      return ['no error', call()]
    } catch (error) {
      return error
    }
  })
}

const statOf = (stats: fs.Stats) => ({
  file: stats.isFile(),
  directory: stats.isDirectory(),
  size: stats.size,
  mode: stats.mode,
  uid: stats.uid,
  nlink: stats.nlink,
  mtimeMs: stats.mtimeMs,
})

export const fileCases: Cases = {
  'write, read, and read again': () =>
    within(() => {
      fs.writeFileSync('scratch/a', 'é\n')
      fs.writeFileSync('scratch/a', new Uint8Array([0x62]), { flag: 'a' })
      return [
        fs.readFileSync('scratch/a', 'utf8'),
        fs.readFileSync('scratch/a').length,
        fs.readFileSync('scratch/a', { encoding: 'latin1' }),
      ]
    }),
  'a long file, and one that says that it is empty': () =>
    within(() => {
      fs.writeFileSync('scratch/long', 'x'.repeat(3_000_000))
      return [fs.readFileSync('scratch/long').length, fs.readFileSync('/proc/self/status', 'utf8').includes('Uid:')]
    }),
  'permissions of new files': () =>
    within(() => {
      fs.closeSync(fs.openSync('scratch/a', 'wx', 0o640))
      fs.writeFileSync('scratch/b', '', { mode: 0o600 })
      fs.mkdirSync('scratch/c', { mode: 0o700 })
      fs.chmodSync('scratch/b', 0o4755)
      return ['a', 'b', 'c'].map((name) => fs.statSync(`scratch/${name}`).mode)
    }),
  'reading and writing at a place': () =>
    within(() => {
      const fd = fs.openSync('scratch/a', 'w+')
      const buffer = Buffer.alloc(6)
      const sizes = [
        fs.writeSync(fd, 'hello'),
        fs.writeSync(fd, Buffer.from('XYZ'), 1, 2, 3),
        fs.readSync(fd, buffer, 1, 4, 1),
      ]
      fs.fsyncSync(fd)
      fs.fdatasyncSync(fd)
      sizes.push(fs.fstatSync(fd).size, fs.readSync(fd, buffer, 0, 6, 100))
      fs.closeSync(fd)
      return [sizes, buffer.toString('latin1'), fs.readFileSync('scratch/a', 'utf8')]
    }),
  'directories that are missing are made': () =>
    within(() => [
      String(fs.mkdirSync('scratch/a/b/c', { recursive: true })).endsWith('scratch/a'),
      fs.mkdirSync('scratch/a/b', { recursive: true }),
      fs.mkdirSync('scratch/d'),
      fs.readdirSync('scratch'),
    ]),
  'entries of a directory': () =>
    within(() => {
      for (const name of ['b', 'a', 'ä', '10', '9', '.x']) fs.writeFileSync(`scratch/${name}`, '')
      fs.mkdirSync('scratch/z')
      const kinds = fs
        .readdirSync('scratch', { withFileTypes: true })
        .map((each) => [each.name, each.isFile(), each.isDirectory()])
      return [fs.readdirSync('scratch').sort(), kinds.sort()]
    }),
  'a directory of many': () =>
    within(() => {
      for (let n = 0; n < 1500; n++) fs.writeFileSync(`scratch/entry-with-a-long-name-${n}`, '')
      return fs.readdirSync('scratch').length
    }),
  'rename, link, unlink': () =>
    within(() => {
      fs.writeFileSync('scratch/a', '1')
      fs.linkSync('scratch/a', 'scratch/b')
      const { nlink } = fs.statSync('scratch/b')
      fs.renameSync('scratch/b', 'scratch/c')
      fs.unlinkSync('scratch/a')
      return [nlink, fs.readdirSync('scratch'), fs.existsSync('scratch/a'), fs.existsSync('scratch/c')]
    }),
  'what stat tells': () =>
    within(() => {
      fs.writeFileSync('scratch/a', 'abc')
      fs.utimesSync('scratch/a', 1_700_000_000.5, 1_700_000_001.25)
      const exact = fs.statSync('scratch/a', { bigint: true })
      const { dev, ino } = fs.statSync('scratch/a')
      const [device, namespace] = [fs.statSync('/dev/null'), fs.statSync('/proc/self/ns/net', { bigint: true })]
      return [
        statOf(fs.statSync('scratch/a')),
        [exact.size, exact.mtimeNs, exact.isFile(), exact.dev === BigInt(dev), exact.ino === BigInt(ino)],
        [device.isCharacterDevice(), device.dev, namespace.dev, namespace.ino],
        fs.statSync('scratch/b', { throwIfNoEntry: false }),
        [fs.statSync('.').dev, fs.statSync('/').dev, fs.statSync('.', { bigint: true }).dev],
      ]
    }),
  statfs: () => {
    const { type, bsize } = fs.statfsSync('/proc')
    return [type, bsize, fs.statfsSync('/proc/self/ns/net').type]
  },
  'errors of files': () =>
    within(() => {
      fs.writeFileSync('scratch/file', '')
      fs.mkdirSync('scratch/full/x', { recursive: true })
      const missing = 'scratch/missing'
      const long = `scratch/${'n'.repeat(300)}`
      return errorsOf(
        () => fs.readFileSync(missing),
        () => fs.openSync(missing, 'r'),
        () => fs.openSync('scratch/file', 'wx'),
        () => fs.openSync('scratch/file/x', 'r'),
        () => fs.openSync('scratch', 'w'),
        () => fs.openSync(long, 'w'),
        () => fs.readFileSync('scratch'),
        () => fs.writeFileSync('scratch/file', 'x', { flag: 'wx' }),
        () => fs.mkdirSync('scratch/file'),
        () => fs.mkdirSync('scratch/a/b'),
        () => fs.mkdirSync('scratch/file/a', { recursive: true }),
        () => fs.readdirSync(missing),
        () => fs.readdirSync('scratch/file'),
        () => fs.rmdirSync('scratch/full'),
        () => fs.unlinkSync(missing),
        () => fs.unlinkSync('scratch/full'),
        () => fs.renameSync(missing, 'scratch/other'),
        () => fs.linkSync('scratch/file', 'scratch/full'),
        () => fs.linkSync('scratch/file', '/proc/x'),
        () => fs.statSync(missing),
        () => fs.statfsSync(missing),
        () => fs.accessSync(missing),
        () => fs.accessSync('scratch/file', constants.X_OK),
        () => fs.accessSync('scratch/full', constants.W_OK),
        () => fs.chmodSync(missing, 0o600),
        () => fs.utimesSync(missing, 1, 1),
        () => fs.writeFileSync('/proc/version', 'x'),
        () => fs.writeFileSync('/dev/full', 'x'),
      )
    }),
  'errors of descriptors': () =>
    errorsOf(
      () => fs.closeSync(999),
      () => fs.readSync(999, new Uint8Array(1)),
      () => fs.writeSync(999, 'x'),
      () => fs.writeSync(999, new Uint8Array(1), 0, 1, 0),
      () => fs.fstatSync(999),
      () => fs.fsyncSync(999),
      () => fs.fdatasyncSync(999),
    ),
  constants: () => [
    constants.O_RDONLY,
    constants.O_WRONLY,
    constants.O_RDWR,
    constants.O_CREAT,
    constants.O_EXCL,
    constants.O_NONBLOCK,
    constants.O_DIRECTORY,
    constants.X_OK,
    constants.W_OK,
  ],
  'node:fs/promises': async () => {
    await mkdir('scratch/deep', { recursive: true })
    const file = await open('scratch/a', 'w', 0o600)
    await file.writeFile('text')
    await file.sync()
    await file.close()
    await rename('scratch/a', 'scratch/b')
    const found = [
      await readFile('scratch/b', 'utf8'),
      (await stat('scratch/b')).mode,
      (await readdir('scratch')).sort(),
    ]
    await unlink('scratch/b')
    const missing = await readFile('scratch/b').catch((error: unknown) => error)
    clear('scratch')
    return [found, missing]
  },
}
