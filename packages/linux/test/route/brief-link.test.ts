import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BriefLink, briefBridge, briefLink, type Link, linkMessage } from '../../src/route/index.ts'
import { captureNames, messageOf, readCapture } from './capture.ts'

const fields = [
  ...(['family', 'type', 'index', 'flags', 'change'] as const),
  ...(['ifname', 'address', 'mtu', 'operstate', 'master', 'link', 'group', 'ifalias', 'linkNetnsid'] as const),
]

/** What a brief description has of a full one. */
function abridged(link: Link): Partial<BriefLink> {
  const own = fields.filter((field) => link[field] !== undefined).map((field) => [field, link[field]])
  const kind = link.linkinfo?.link
  const name = kind?.kind === 'other' ? { name: kind.name } : {}
  const linkinfo = link.linkinfo && { linkinfo: kind ? { link: { kind: kind.kind, ...name } } : {} }
  return { ...Object.fromEntries(own), ...linkinfo }
}

for (const name of captureNames('link'))
  test(`briefLink reads of ${name} what the full description says`, () => {
    const { body } = messageOf(readCapture(name))
    const { acceptRa, ...brief } = briefLink.body.read(body)
    assert.deepEqual(brief, abridged(linkMessage.read(body)))
    assert.ok(acceptRa === undefined || [0, 1, 2].includes(acceptRa), `${acceptRa}`)
  })

test('briefBridge reads the id of a bridge, and of other kinds what briefLink reads', () => {
  for (const name of captureNames('link')) {
    const { body } = messageOf(readCapture(name))
    const { linkinfo, ...brief } = briefBridge.body.read(body)
    const { bridgeId, ...kind } = linkinfo ?? {}
    assert.deepEqual({ ...brief, ...(linkinfo && { linkinfo: kind }) }, briefLink.body.read(body))
    const full = linkMessage.read(body).linkinfo?.link
    if (full?.kind === 'bridge') assert.deepEqual(bridgeId?.subarray(2), full.data?.bridgeId?.address)
  }
})

test('a full description stands for a brief one', () => {
  const link: Link = linkMessage.read(new Uint8Array(16))
  const brief: BriefLink = link
  assert.equal(brief.index, 0)
  // @ts-expect-error it has no data of a kind
  assert.equal(brief.linkinfo?.link?.data, undefined)
  // @ts-expect-error nor what it passes over
  assert.equal(brief.txqlen, undefined)
})
