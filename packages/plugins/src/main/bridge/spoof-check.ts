import { isDeepStrictEqual } from 'node:util'
import { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { shortenedName } from '@patchbay/cni/plugin'
import { isNetlinkError } from '@patchbay/linux/netlink'
import {
  type Batch,
  type Chain,
  COMMENT_BYTES,
  comment,
  ether,
  meta,
  type Nftables,
  type Rule,
  type RuleState,
  rule,
  verdict,
} from '@patchbay/linux/nftables'
import { findLink, linkSummary } from '@patchbay/linux/route'
import { openNetns } from '../../link/net-context.ts'
import { checkError, remedies } from '../../request/check-error.ts'
import { messageOf } from '../../request/error-message.ts'
import { deleteRules, findRuleset, openRuleset } from '../../rules/ruleset/index.ts'

/** What a container may send: frames from its own hardware address, through its port of the bridge. */
export interface BridgePort {
  /** Name of the host's end. */
  readonly ifName: string
  /** Hardware address of the container's end. */
  readonly mac: string
}

/** The reference has its rules here, and `ebtables` those of its table `nat`. */
const table = { family: 'bridge', name: 'nat' } as const
const prerouting: Chain = {
  table,
  name: 'PREROUTING',
  base: { type: 'filter', hook: 'prerouting', priority: -300, policy: 'accept' },
}
const prefix = 'macspoofchk-'
const chainPrefix = 'cni-br-iface-'
const macSuffix = '-mac'
/** `<linux/netfilter/nf_tables.h> NFT_CHAIN_MAXNAMELEN`, less the end of the text. */
const MAX_CHAIN_BYTES = 255

interface Layout {
  /** The comment of all rules. */
  readonly text: string
  /** Where the port leads to. */
  readonly port: Chain
  /** Where frames are looked at. */
  readonly mac: Chain
}

function layoutOf({ containerId, ifName }: Request): Layout {
  return layout(`${containerId}-${ifName}`)
}

/**
 * The comment and the chains of one attachment, with the names that the reference gives them. Names that the kernel or `nft`
 * would refuse are shortened.
 */
function layout(id: string): Layout {
  const text = shortenedName(`${prefix}${id}`, COMMENT_BYTES)
  return {
    text,
    ...chainsOf(`${chainPrefix}${shortenedName(id, MAX_CHAIN_BYTES - chainPrefix.length - macSuffix.length)}`),
  }
}

function chainsOf(port: string): Pick<Layout, 'port' | 'mac'> {
  return { port: { table, name: port }, mac: { table, name: `${port}${macSuffix}` } }
}

function rulesFor(request: Request, { ifName, mac }: BridgePort): Rule[] {
  const { text, ...chains } = layoutOf(request)
  const mark = comment(text)
  return [
    rule(prerouting, meta.iifname.is(ifName), verdict.jump(chains.port.name), mark),
    rule(chains.port, verdict.jump(chains.mac.name), mark),
    rule(chains.mac, ether.saddr.is(MAC.parse(mac)), verdict.return, mark),
    rule(chains.mac, verdict.drop, mark),
  ]
}

/**
 * Drops frames of a container that do not come from its own hardware address. Repeating it changes nothing.
 *
 * @throws Error `failed to setup spoof-check: ...`
 */
export async function ensureSpoofCheck(request: Request, port: BridgePort): Promise<void> {
  try {
    using nft = openRuleset(request)
    await putRules(nft, request, port)
  } catch (error) {
    throw new Error(`failed to setup spoof-check: ${messageOf(error)}`, { cause: error })
  }
}

/** Where there is no chain yet, there is no jump to it either: nothing has to be read. */
async function putRules(nft: Nftables, request: Request, port: BridgePort): Promise<void> {
  try {
    await nft.transaction((batch) => fill(batch, request, port, 'create'))
  } catch (error) {
    if (!isNetlinkError(error, 'EEXIST')) throw error
    const jumps = (await nft.listRules(prerouting)).filter(hasText(layoutOf(request).text))
    await nft.transaction((batch) => {
      for (const jump of jumps) batch.deleteRule(jump)
      fill(batch, request, port, 'add')
    })
  }
}

function fill(batch: Batch, request: Request, port: BridgePort, put: 'create' | 'add'): void {
  const chains = layoutOf(request)
  batch.addTable(table)
  batch.addChain(prerouting)
  if (put === 'create') batch.createChain(chains.port)
  else batch.addChain(chains.port)
  batch.addChain(chains.mac)
  batch.flushChain(chains.port)
  batch.flushChain(chains.mac)
  for (const each of rulesFor(request, port)) batch.addRule(each)
}

/** Removes the rules and chains of an attachment, whoever made them. What is gone already is fine. */
export async function removeSpoofCheck(request: Request): Promise<void> {
  using nft = await findRuleset(request)
  if (nft) await removeRules(nft, layoutOf(request))
}

/** In one transaction: another call for the attachment sees all of it, or nothing. */
async function removeRules(nft: Nftables, { text, port, mac }: Layout): Promise<void> {
  await deleteRules(nft, prerouting, hasText(text), { chains: [port, mac] })
}

/** @throws Error naming the first rule that is missing */
export async function checkSpoofCheck(request: Request, port: BridgePort): Promise<void> {
  using nft = openRuleset(request)
  for (const expected of rulesFor(request, port)) {
    const rules = await nft.listRules(expected.chain)
    if (!rules.some(({ expressions }) => isDeepStrictEqual(expressions, expected.expressions)))
      throw checkError(`rule of "${port.ifName}" in chain bridge nat ${expected.chain.name} not found`, remedies.repair)
  }
}

/**
 * Removes what is for ports that are gone. Neither chains nor rules say which network they are of, but without its port
 * a rule is of none.
 */
export async function collectSpoofChecks(request: Request): Promise<void> {
  using nft = await findRuleset(request)
  if (!nft) return
  using host = openNetns(request, request.hostNetns)
  for (const { comment: text = '', expressions } of await nft.listRules(prerouting)) {
    if (!text.startsWith(prefix)) continue
    const ifName = nameOfPort(expressions)
    const chain = chainLedTo(expressions)
    if (ifName === undefined || !chain?.startsWith(chainPrefix)) continue
    if (await findLink(host.route, ifName, { as: linkSummary })) continue
    await removeRules(nft, { text, ...chainsOf(chain) })
  }
}

/** Not from the comment, which may be shortened. */
function chainLedTo(expressions: RuleState['expressions']): string | undefined {
  for (const expression of expressions)
    if (expression.kind === 'immediate') return expression.data?.data?.verdict?.chain
  return undefined
}

/** What `iifname` is compared with. */
function nameOfPort(expressions: RuleState['expressions']): string | undefined {
  const compared = expressions.find((expression) => expression.kind === 'cmp')
  const bytes = compared?.data?.data?.value
  return bytes && Buffer.from(bytes).toString().replace(/\0.*$/s, '')
}

function hasText(text: string): (rule: RuleState) => boolean {
  return ({ comment: found }) => found === text
}
