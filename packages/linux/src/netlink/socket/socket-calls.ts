import type { Native } from '../../sys/index.ts'

/** The system calls that a socket makes once it is open. A fake kernel answers them without the system. */
export type SocketCalls = Pick<
  Native,
  | 'setsockopt'
  | 'send'
  | 'exchange'
  | 'exchangeAsync'
  | 'exchangeLong'
  | 'receive'
  | 'receiveAsync'
  | 'sendAsync'
  | 'sendFromChild'
  | 'close'
  | 'closeAsync'
>
