import type { Channel } from '../../src/daemon/channel.ts'
import { channelServer } from '../../src/daemon/channel-server.ts'

/** A program for tests: serves on the path that it is given, and does what the first letter that comes asks for. */
const [path = ''] = process.argv.slice(2)

const behaviours: Record<string, (channel: Channel) => void> = {
  answer: (channel) => {
    for (let piece = 0; piece < 40; piece++) channel.write(Buffer.alloc(100_000, 97 + (piece % 26)))
    channel.close()
  },
  refuse: (channel) => {
    channel.write(Buffer.from('no'))
    channel.end()
  },
  destroy: (channel) => {
    channel.write(Buffer.alloc(4_000_000))
    channel.destroy()
  },
  count: (channel) => {
    channel.write(Buffer.alloc(4_000_000))
    const { unsent } = channel
    channel.write(Buffer.alloc(1000))
    process.stdout.write(`${unsent > 1_000_000} ${channel.unsent - unsent}\n`)
  },
}

const server = await channelServer((channel) => {
  let isFirst = true
  return {
    receive(piece) {
      if (isFirst) behaviours[piece.toString()]?.(channel)
      else process.stdout.write(`${piece.length}\n`)
      isFirst = false
    },
    onClose: () => process.stdout.write(`closed ${channel.fd < 0}\n`),
  }
})
await server.listen({ path })
process.stdout.write('listening\n')
process.stdin.on('end', () => server.close()).resume()
