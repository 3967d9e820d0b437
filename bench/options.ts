import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bars, barsFromFile } from './bars.ts'
import type { Numbers } from './bench.ts'
import { type Chain, chainOf, chains } from './cases.ts'
import { chainFromFile } from './list.ts'
import type { LaneOptions } from './protocol.ts'

/** What a command line asks for. */
export interface Settings {
  readonly lanes: readonly LaneOptions[]
  /** The lane that others are compared with. */
  readonly base: string | undefined
  readonly lists: readonly Chain[]
  readonly numbers: Numbers
  /** How many containers are attached while packets are counted; none: they are not counted. */
  readonly dataPath: readonly number[]
  readonly bars: Bars | undefined
  readonly strict: boolean
  readonly json: string | undefined
  readonly svg: string | undefined
}

/** What is not from the command line. */
export interface Surrounding {
  /** The folder of our plugins. */
  readonly own: string
  /** The folder of the reference plugins, when no option says it. */
  readonly reference: string | undefined
}

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const flag = { type: 'boolean' } as const

const options = {
  ...{ reference: text, plugins: texts, lanes: text, base: text, chains: text, list: texts },
  ...{ rounds: text, 'group-rounds': text, 'warm-up': text, parallel: text, drain: text, gc: text, leases: text },
  ...{ storm: text, attachments: text, 'attachments-own': text, 'data-path': text },
  ...{ quick: flag, bars: text, strict: flag, json: text, svg: text, help: flag },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

const whole = {
  ...{ rounds: '30', 'group-rounds': '6', 'warm-up': '600', parallel: '128', drain: '32', gc: '32' },
  ...{ leases: '1000,10000,30000', chains: chains.map(({ name }) => name).join(',') },
}
const quick: typeof whole = {
  ...{ rounds: '15', 'group-rounds': '6', 'warm-up': '150', parallel: '0', drain: '0', gc: '0' },
  ...{ leases: '0', chains: 'bridge,bridge+masquerade+portmap+firewall' },
}

/** `undefined` when it asks for help. Throws Error that says which option is wrong. */
export function settingsOf(args: readonly string[], surrounding: Surrounding): Settings | undefined {
  const { values } = parseArgs({ args: [...args], options })
  if (values.help) return undefined
  const lists = (values.list ?? []).map(chainFromFile)
  const lanes = chosenLanes(values, allLanes(values, lists, surrounding))
  const base = baseOf(values, lanes)
  if (values.svg !== undefined && base === undefined)
    throw new Error('Cannot draw ratios: there is no lane to compare with; give --reference or --base')
  return {
    ...{ lanes, base, lists: [...lists, ...ownChains(values)] },
    ...{ numbers: numbersOf(values), dataPath: counts('data-path', values['data-path'] ?? '0').filter(Boolean) },
    ...{ bars: values.bars === undefined ? undefined : barsFromFile(values.bars), strict: values.strict ?? false },
    ...{ json: values.json, svg: values.svg },
  }
}

function numbersOf(values: Values): Numbers {
  const defaults = values.quick ? quick : whole
  const number = (name: Exclude<keyof typeof whole, 'chains' | 'leases'>) => count(name, values[name] ?? defaults[name])
  const attachments = count('attachments', values.attachments ?? '0')
  const attachmentsOwn = count('attachments-own', values['attachments-own'] ?? '0')
  if (attachmentsOwn > 0 && attachmentsOwn <= attachments)
    throw new Error(`Cannot use --attachments-own ${attachmentsOwn}: no more than --attachments ${attachments}`)
  return {
    ...{ rounds: number('rounds'), groupRounds: number('group-rounds'), warmUp: number('warm-up') },
    ...{ parallel: number('parallel'), drain: number('drain'), collect: number('gc') },
    ...{ storm: count('storm', values.storm ?? '0'), attachments, attachmentsOwn },
    leases: counts('leases', values.leases ?? defaults.leases),
  }
}

function counts(name: string, list: string): number[] {
  return list.split(',').map((each) => count(name, each))
}

function count(name: string, digits: string): number {
  if (!/^\d+$/.test(digits)) throw new Error(`Cannot use --${name} "${digits}": not a whole number`)
  return Number(digits)
}

function ownChains({ chains: names, list, quick: isQuick }: Values): Chain[] {
  if (names === undefined && list !== undefined) return []
  return (names ?? (isQuick ? quick : whole).chains).split(',').map((name) => chainOf(name))
}

/** Those that are there: without a build of ours, or without a reference, there are fewer. */
function allLanes(values: Values, lists: readonly Chain[], { own, reference }: Surrounding): LaneOptions[] {
  const folder = values.reference ?? reference
  const others = (values.plugins ?? []).map((option) => {
    const [, name, directory] = /^([^=]+)=(.+)$/.exec(option) ?? []
    if (name === undefined || directory === undefined)
      throw new Error(`Cannot use --plugins "${option}": it is not NAME=DIR`)
    return { name, directory }
  })
  const ours = [
    { name: 'daemon', directory: own, own: true, served: 'by a daemon' },
    { name: 'one-shot', directory: own, own: true, served: 'by themselves' },
    { name: 'in one process', directory: own, own: true, served: 'in one process' },
  ] as const
  const foreign = [...(folder ? [{ name: 'reference', directory: folder }] : []), ...others]
  const all = [
    ...(existsSync(own) ? ours : []),
    ...foreign.map((lane) => ({ ...lane, own: false, served: 'by themselves' }) as const),
  ]
  const twice = all.find(({ name }, at) => all.findIndex((each) => each.name === name) < at)
  if (twice) throw new Error(`Cannot use --plugins "${twice.name}=${twice.directory}": there is a lane of that name`)
  return all.map((lane) => ({ ...lane, ...pluginsIn(lane), lists }))
}

function pluginsIn({
  name,
  directory,
}: {
  name: string
  directory: string
}): Pick<LaneOptions, 'directory' | 'plugins'> {
  const path = resolve(directory)
  if (!existsSync(path)) throw new Error(`Cannot time "${name}": there is no folder "${path}"`)
  return { directory: path, plugins: readdirSync(path) }
}

function chosenLanes({ lanes: names }: Values, all: readonly LaneOptions[]): LaneOptions[] {
  const known = all.map(({ name }) => name).join(', ')
  if (all.length === 0) throw new Error('Cannot time anything: there are no plugins; give --plugins NAME=DIR')
  if (names === undefined) return [...all]
  return names.split(',').map((name) => {
    const lane = all.find((each) => each.name === name)
    if (!lane) throw new Error(`Cannot use --lanes "${name}": the lanes are ${known}`)
    return lane
  })
}

function baseOf({ base }: Values, lanes: readonly LaneOptions[]): string | undefined {
  const names = lanes.map(({ name }) => name)
  if (base !== undefined && !names.includes(base))
    throw new Error(`Cannot use --base "${base}": the lanes are ${names.join(', ')}`)
  return base ?? names.find((name) => name === 'reference') ?? lanes.find(({ own }) => !own)?.name
}

/** The folder of our plugins in a checkout. */
export function ownPlugins(root: string): string {
  return join(root, 'dist', 'cni', 'bin')
}
