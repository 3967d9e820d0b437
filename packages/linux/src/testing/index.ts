export { FakeKernel } from './fake-kernel.ts'
export { acknowledgement, datagram, endOfList, type FakeMessage } from './fake-message.ts'
export { type FakeAnswer, type FakeObject, type FakeRefusal, FakeRequest, refusal, reply } from './fake-request.ts'
