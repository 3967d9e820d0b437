/** `node:path` for POSIX. */
export const sep = '/'
export const delimiter = ':'

export function normalize(path: string): string {
  if (path === '') return '.'
  const root = path.startsWith('/') ? '/' : ''
  const joined = withoutDots(path.split('/'), root !== '').join('/')
  if (joined === '') return root || '.'
  return `${root}${joined}${path.endsWith('/') ? '/' : ''}`
}

/** Without `.`, and without `..` where there is something for it to go back from. */
function withoutDots(parts: readonly string[], absolute: boolean): string[] {
  const kept: string[] = []
  for (const part of parts) {
    const back = part === '..'
    if (back && kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (part !== '' && part !== '.' && !(back && absolute)) kept.push(part)
  }
  return kept
}

export function join(...parts: readonly string[]): string {
  return normalize(parts.filter((part) => part !== '').join('/'))
}

export function isAbsolute(path: string): boolean {
  return path.startsWith('/')
}

export function dirname(path: string): string {
  const root = path.startsWith('/') ? '/' : '.'
  const end = path.replace(/\/+$/, '').lastIndexOf('/')
  if (end <= 0) return root
  return end === 1 && root === '/' ? '//' : path.slice(0, end)
}

export function basename(path: string, suffix = ''): string {
  if (suffix === path) return ''
  const name = path.replace(/\/+$/, '').split('/').at(-1) ?? ''
  return suffix !== '' && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}
