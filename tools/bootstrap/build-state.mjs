import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const projects = ['packages', 'examples', 'test', 'tools', 'bench', 'demo']
const sourceFile = /\.(?:ts|mts|cts|mjs|cjs|js|json|c|h)$/
const builtFile = /\.(?:js|node|tsbuildinfo)$/
const alone = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json']
const executables = ['patchbay', 'patchbay-plugins', 'patchbay-shim', 'patchbay-addon.node'].map(
  (name) => `dist/cni/bin/${name}`,
)
const products = ['node_modules/.package-lock.json', ...executables]

/** Knows whether anything has changed since the last build that succeeded, so that the next one need not start a process. */
export class BuildState {
  #root
  #record
  #sources

  constructor(root) {
    this.#root = root
    this.#record = join(root, 'dist', 'build-state')
    this.#sources = this.#hash('sources')
  }

  /** Whether sources and everything that was made of them are as the last build left them. */
  isCurrent() {
    try {
      return readFileSync(this.#record, 'utf8') === this.#text()
    } catch {
      return false
    }
  }

  /** To be called before anything is built: a build that does not end is none. */
  forget() {
    rmSync(this.#record, { force: true })
  }

  /** Keeps what was built; sources that changed meanwhile are for the next build. */
  remember() {
    if (this.#hash('sources') !== this.#sources) return
    mkdirSync(join(this.#root, 'dist'), { recursive: true })
    writeFileSync(this.#record, this.#text())
  }

  #text() {
    return `${process.version} ${process.env.CC ?? ''}\n${this.#sources}\n${this.#hash('built')}\n`
  }

  #hash(kind) {
    const hash = createHash('sha256')
    for (const project of projects) this.#addFolder(hash, project, kind, false)
    for (const file of kind === 'sources' ? alone : products) this.#addFile(hash, file)
    return hash.digest('hex')
  }

  #addFolder(hash, folder, kind, isBuilt) {
    for (const entry of this.#entries(folder)) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        const built = isBuilt || entry.name === 'dist'
        if (entry.name !== 'node_modules' && (kind === 'built' || !built)) this.#addFolder(hash, path, kind, built)
      } else if ((kind === 'built') === isBuilt && (isBuilt ? builtFile : sourceFile).test(entry.name)) {
        this.#addFile(hash, path)
      }
    }
  }

  #entries(folder) {
    try {
      return readdirSync(join(this.#root, folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    } catch {
      return []
    }
  }

  /** The time of the last change, which no program can set, stands for the content. */
  #addFile(hash, file) {
    const stat = statSync(join(this.#root, file), { throwIfNoEntry: false })
    hash.update(`${file} ${stat?.size} ${stat?.ctimeMs}\n`)
  }
}
