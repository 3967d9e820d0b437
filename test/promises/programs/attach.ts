// A program that runs a plugin with arguments of its own: node attach.js COMMAND NETNS DIRECTORY <CONFIGURATION
import { text } from 'node:stream/consumers'
import { execWithoutResult, execWithResult, processExecutor } from '@patchbay/cni/exec'

const [command = '', netns = '', directory = ''] = process.argv.slice(2)
const stdin = await text(process.stdin)
const executor = processExecutor()
const path = await executor.find(JSON.parse(stdin).type, [directory])
const args = {
  command,
  containerId: 'of-program',
  netns,
  ifName: 'net7',
  args: [
    ['IgnoreUnknown', '1'],
    ['MAC', '02:00:00:00:00:07'],
  ],
  path: [directory],
} as const
if (command === 'ADD') console.log(JSON.stringify(await execWithResult(path, executor, { stdin, args })))
else await execWithoutResult(path, executor, { stdin, args })
