import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

/** What `JSON.parse` gives. */
export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** A network namespace that can be entered by a path. */
interface Place {
  readonly path: string
}

/**
 * Runs a program in a network namespace and gives what it printed.
 *
 * @throws Error with what it wrote to standard error, when its exit status is not 0
 */
export function runIn(place: Place, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('nsenter', [`--net=${place.path}`, '--', command, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: status ${status}: ${stderr}`)
  return stdout
}

/** Runs `ip ARGS` in a namespace. */
export function ip(place: Place, ...args: string[]): string {
  return runIn(place, 'ip', ...args)
}

/** What `ip -j -d ARGS` shows in a namespace, without the empty objects that it prints for what a filter left out. */
export function ipJson(place: Place, ...args: string[]): JsonObject[] {
  return parseRows(ip(place, '-json', '-details', ...args))
}

/** As {@link ipJson}, when that must be one object: `ip -j -d link show dev eth0`. */
export function ipJsonOne(place: Place, ...args: string[]): JsonObject {
  const rows = ipJson(place, ...args)
  const [row] = rows
  if (row === undefined || rows.length > 1)
    throw new Error(`ip ${args.join(' ')}: ${rows.length} objects instead of one`)
  return row
}

/** What `bridge -j -d ARGS` shows in a namespace. */
export function bridgeJson(place: Place, ...args: string[]): JsonObject[] {
  return parseRows(runIn(place, 'bridge', '-json', '-details', ...args))
}

function parseRows(text: string): JsonObject[] {
  const rows: JsonObject[] = text.trim() === '' ? [] : JSON.parse(text)
  return rows.filter((row) => Object.keys(row).length > 0)
}

/** The names of the links in a namespace, sorted. */
export function linkNames(place: Place): string[] {
  return ipJson(place, 'link', 'show')
    .map((row) => String(row['ifname']))
    .sort()
}

/** Whether a namespace has a link of that name. */
export function hasLink(place: Place, ifname: string): boolean {
  return linkNames(place).includes(ifname)
}

/**
 * Asserts that `actual` holds everything that `expected` does: objects may have more keys, arrays have exactly the same
 * elements in the same order.
 */
export function assertShows(actual: Json | undefined, expected: Json): void {
  assert.deepEqual(restrict(actual, expected), expected)
}

/** `actual` with only the keys of `expected`. */
function restrict(actual: Json | undefined, expected: Json): Json | undefined {
  if (Array.isArray(actual) && Array.isArray(expected))
    return actual.map((element, index) => restrict(element, expected[index] ?? element) ?? null)
  if (!isObject(actual) || !isObject(expected)) return actual
  const kept: JsonObject = {}
  for (const [key, value] of Object.entries(expected)) {
    const found = restrict(actual[key], value)
    if (found !== undefined) kept[key] = found
  }
  return kept
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
