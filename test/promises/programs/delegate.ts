// A plugin that hands its call on to the plugin "delegate" of its configuration, with just the arguments it was given.
import { text } from 'node:stream/consumers'
import { delegateAdd, delegateCheck, delegateDel, processExecutor } from '@patchbay/cni/exec'
import { formatResult } from '@patchbay/cni/types'

const stdin = await text(process.stdin)
const { delegate, cniVersion } = JSON.parse(stdin)
const options = { executor: processExecutor(), args: 'inherit' } as const
const command = process.env['CNI_COMMAND']
if (command === 'ADD') process.stdout.write(formatResult(await delegateAdd(delegate, stdin, options), cniVersion))
if (command === 'CHECK') await delegateCheck(delegate, stdin, options)
if (command === 'DEL') await delegateDel(delegate, stdin, options)
