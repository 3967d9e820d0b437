import type { Facts } from '../lab/machine-facts.ts'
import type { Seen } from './machine.ts'

/** What is other: `NAME: ours VALUE, reference VALUE` a line each, `nothing` for what is not there; sorted by name. */
export function compareFacts(ours: Facts, theirs: Facts): string[] {
  return namesOf(ours, theirs)
    .filter((name) => ours.get(name) !== theirs.get(name))
    .map((name) => `${name}: ours ${shown(ours, name)}, reference ${shown(theirs, name)}`)
}

/**
 * What a machine on which both implementations worked has that neither has that works alone, or lacks although both have it:
 * `NAME: swapped VALUE, ours VALUE, reference VALUE`.
 */
export function compareSwapped(swapped: Seen, ours: Seen, theirs: Seen): string[] {
  const [mixed, a, b] = [swapped.facts, ours.facts, theirs.facts]
  return namesOf(mixed, a, b)
    .filter((name) => ![a.get(name), b.get(name)].includes(mixed.get(name)))
    .map((name) => `${name}: swapped ${shown(mixed, name)}, ours ${shown(a, name)}, reference ${shown(b, name)}`)
}

function shown(facts: Facts, name: string): string {
  const value = facts.get(name)
  // What is there or not has no value.
  return value === undefined ? 'nothing' : value === '' ? 'there' : value
}

/** Names of what is to be compared: of links that are not everywhere, only that they are there. */
function namesOf(...all: readonly Facts[]): string[] {
  const names = [...new Set(all.flatMap((facts) => [...facts.keys()]))].sort()
  const partial = names.flatMap((name) => {
    const [, place = '', link = ''] = /^(\S+): link (\S+): flags$/.exec(name) ?? []
    return link !== '' && !all.every((facts) => facts.has(name)) ? [{ place, link, name }] : []
  })
  return names.filter((name) =>
    partial.every((each) => name === each.name || !name.startsWith(`${each.place}: `) || !isAbout(name, each.link)),
  )
}

function isAbout(name: string, link: string): boolean {
  return [
    `link ${link}: `,
    `/conf/${link}/`,
    `/neigh/${link}/`,
    `dev ${link} `,
    `"dev":"${link}"`,
    `"ifname":"${link}"`,
  ].some((mention) => name.includes(mention))
}
