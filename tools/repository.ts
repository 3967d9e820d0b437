import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The files that belong to the project: committed ones and new ones that git does not ignore. */
export interface Repository {
  readonly root: string
  /** Paths from the root, with `/`, sorted. */
  readonly files: readonly string[]
  read(file: string): string
}

const generated = new Set(['node_modules', 'dist', '.git'])

/** The folder of the workspace that holds this tool, from its source or from its build. */
export function workspaceRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'layers.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('Cannot find the workspace: no folder above this tool has a layers.json')
    folder = parent
  }
  return folder
}

/** Lists a checkout, asking git; in a folder that is not one, everything that is not generated. */
export function openRepository(root: string): Repository {
  const files = existsSync(join(root, '.git')) ? committed(root) : walk(root, '')
  return { root, files: files.sort(), read: (file) => readFileSync(join(root, file), 'utf8') }
}

function committed(root: string): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  // A checkout made by another user is still only listed, never executed from.
  const output = execFileSync('git', ['-c', `safe.directory=${root}`, ...list], { cwd: root, encoding: 'utf8' })
  return output.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (generated.has(entry.name)) return []
    return entry.isDirectory() ? walk(root, path) : [path]
  })
}
