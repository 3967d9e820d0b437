import { posix } from 'node:path'
import { type Finding, isMain, runCheck } from './check.ts'
import { anchorsOf, type Link, linksOf } from './markdown.ts'
import type { Repository } from './repository.ts'

/** Fails on links between documents that lead to no committed file, or to no heading in it. */
export function checkLinks(repository: Repository): Finding[] {
  const places = new Set(repository.files.flatMap((file) => [file, ...folders(file)]))
  const documents = repository.files.filter((file) => file.endsWith('.md'))
  const anchors = new Map(documents.map((file) => [file, anchorsOf(repository.read(file))]))
  return documents.flatMap((file) =>
    linksOf(repository.read(file)).flatMap((link) => {
      const message = problem(file, link, places, anchors)
      return message === undefined ? [] : [{ file, line: link.line, rule: 'links', message }]
    }),
  )
}

function problem(
  file: string,
  { target }: Link,
  places: ReadonlySet<string>,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined
  const [path = '', anchor] = target.split('#')
  const place = path === '' ? file : resolve(file, decodeURI(path))
  if (!places.has(place)) return `"${target}" leads to no file of the repository: correct the path`
  if (anchor === undefined || !place.endsWith('.md')) return undefined
  if (anchors.get(place)?.has(decodeURIComponent(anchor))) return undefined
  return `"${target}" leads to no heading: ${place} has none that is spelled so`
}

function resolve(file: string, path: string): string {
  const joined = path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(file), path)
  return joined.replace(/\/$/, '') || '.'
}

function folders(file: string): string[] {
  const folder = posix.dirname(file)
  return folder === '.' ? ['.'] : [folder, ...folders(folder)]
}

if (isMain(import.meta.url)) await runCheck('links', checkLinks)
