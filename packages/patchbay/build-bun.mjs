// Gets Bun for another machine, of the version that this checkout is locked to. Its package is one that npm installs only there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @param name of the package
 * @returns the path of the executable, in a folder of `dist` that it is downloaded to once
 * @throws Error when it cannot be downloaded, or is not what the lock file names
 */
export function bunOf(name, root) {
  const { version, integrity } = lockedPackage(name, root)
  const folder = join(root, 'dist', 'bun', `${name.split('/').at(-1)}-${version}`)
  const bun = join(folder, 'package', 'bin', 'bun')
  if (existsSync(bun)) return bun
  const fresh = `${folder}.${process.pid}`
  mkdirSync(fresh, { recursive: true })
  try {
    const archive = join(fresh, output('npm', ['pack', '--silent', `${name}@${version}`, '--pack-destination', fresh]))
    const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (hash !== integrity) throw new Error(`Cannot use ${name}@${version}: its hash is not that in package-lock.json`)
    output('tar', ['-xzf', archive, '-C', fresh, 'package/bin/bun'])
    rmSync(archive)
    renameSync(fresh, folder)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return bun
}

function lockedPackage(name, root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const locked = packages[`node_modules/${name}`]
  if (locked === undefined) throw new Error(`Cannot find ${name}: package-lock.json does not name it`)
  return locked
}

/** The line that a program prints. */
function output(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot run ${program} ${args[0]}: ${error?.message ?? stderr.trim()}`)
  return stdout.trim()
}
