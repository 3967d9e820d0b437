import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callHostLocal } from './call-host-local.ts'

/** How many containers are alive at a time. */
const alive = 3

/**
 * Adds and deletes containers of its own. While it has an address, it has a file of that name in `LOOP_CLAIMS`, made
 * exclusively: it fails when somebody else has the address as well.
 */
async function main(): Promise<void> {
  const {
    LOOP_CONFIG: config = '',
    LOOP_CLAIMS: claims = '',
    LOOP_ROUNDS: rounds = '',
    LOOP_NAME: name = '',
  } = process.env
  const call = { config: JSON.parse(config) }
  const held: { containerId: string; claim: string }[] = []
  for (let round = 0; round < Number(rounds) + alive; round++) {
    const oldest = round >= alive ? held.shift() : undefined
    if (oldest !== undefined) {
      unlinkSync(oldest.claim)
      await succeed('DEL', { ...call, containerId: oldest.containerId })
    }
    if (round >= Number(rounds)) continue
    const containerId = `${name}-${round}`
    const claim = join(claims, addressIn(await succeed('ADD', { ...call, containerId })))
    writeFileSync(claim, containerId, { flag: 'wx' })
    held.push({ containerId, claim })
  }
}

async function succeed(command: string, call: Parameters<typeof callHostLocal>[1]): Promise<unknown> {
  const { status, output } = await callHostLocal(command, call)
  if (status !== 0) throw new Error(JSON.stringify(output))
  return output
}

function addressIn(output: unknown): string {
  const found = /"address":"([^"/]+)/.exec(JSON.stringify(output))?.[1]
  if (found === undefined) throw new Error(`no address in ${JSON.stringify(output)}`)
  return found
}

await main()
