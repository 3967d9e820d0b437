import { processExecutor } from '../exec/index.ts'
import { readToEnd, writeFully } from '../plugin/standard-streams.ts'
import { runNoop } from './noop.ts'

async function main(): Promise<void> {
  process.exitCode = await runNoop({
    env: process.env,
    readStdin: () => readToEnd(0),
    stdout: (text) => writeFully(1, text),
    stderr: (text) => writeFully(2, text),
    executor: processExecutor({ forward: 'always', group: 'caller' }),
    hostNetns: '/proc/self/ns/net',
  })
}

// Not awaited at the top level, which the CommonJS form of this package cannot.
void main()
