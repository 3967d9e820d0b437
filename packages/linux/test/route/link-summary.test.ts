import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeSummary, type Link, type LinkSummary, linkSummary } from '../../src/route/index.ts'
import { linkMessage } from '../../src/route/raw.ts'
import { captureNames, messageOf, readCapture } from './capture.ts'

const fields = [
  ...(['family', 'type', 'index', 'flags', 'change'] as const),
  ...(['ifname', 'address', 'mtu', 'operstate', 'master', 'link', 'group', 'ifalias', 'linkNetnsid'] as const),
]

/** What a summary has of a full description. */
function abridged(link: Link): Partial<LinkSummary> {
  const own = fields.filter((field) => link[field] !== undefined).map((field) => [field, link[field]])
  const kind = link.linkinfo?.link
  const name = kind?.kind === 'other' ? { name: kind.name } : {}
  const linkinfo = link.linkinfo && { linkinfo: kind ? { link: { kind: kind.kind, ...name } } : {} }
  return { ...Object.fromEntries(own), ...linkinfo }
}

for (const name of captureNames('link'))
  test(`linkSummary reads of ${name} what the full description says`, () => {
    const { body } = messageOf(readCapture(name))
    const { acceptRa, ...summary } = linkSummary.body.read(body)
    assert.deepEqual(summary, abridged(linkMessage.read(body)))
    assert.ok(acceptRa === undefined || [0, 1, 2].includes(acceptRa), `${acceptRa}`)
  })

test('bridgeSummary reads the id of a bridge, and of other kinds what linkSummary reads', () => {
  for (const name of captureNames('link')) {
    const { body } = messageOf(readCapture(name))
    const { linkinfo, ...summary } = bridgeSummary.body.read(body)
    const { bridgeId, ...kind } = linkinfo ?? {}
    assert.deepEqual({ ...summary, ...(linkinfo && { linkinfo: kind }) }, linkSummary.body.read(body))
    const full = linkMessage.read(body).linkinfo?.link
    if (full?.kind === 'bridge') assert.deepEqual(bridgeId?.subarray(2), full.data?.bridgeId?.address)
  }
})

test('a full description stands for a summary', () => {
  const link: Link = linkMessage.read(new Uint8Array(16))
  const summary: LinkSummary = link
  assert.equal(summary.index, 0)
  // @ts-expect-error it has no data of a kind
  assert.equal(summary.linkinfo?.link?.data, undefined)
  // @ts-expect-error nor what it passes over
  assert.equal(summary.txqlen, undefined)
})
