export { type Acknowledgement, extendedAck, policy, readAcknowledgement } from './acknowledgement.ts'
export { ip, mac } from './address.ts'
export { AttributeList, attributesOf, NLA_F_NESTED, NLA_TYPE_MASK, type RawAttribute } from './attribute-list.ts'
export {
  type Attributes,
  type AttributesCodec,
  attr,
  attributes,
  type Entry,
  each,
  partialAttributes,
  type Table,
  type Unknown,
} from './attributes.ts'
export { type Bytes, type Codec, DecodeError, type FixedCodec, type Value } from './codec.ts'
export { littleEndian, u16At, u32At } from './endian.ts'
export {
  beginMessage,
  endMessage,
  type FlatMessageCodec,
  flatMessage,
  HEADER_BYTES,
  type Message,
  type MessageCodec,
  MessageList,
  message,
  messageHeader,
  messagesOf,
  NLM_F,
  NLMSG,
  type PartialMessage,
  type RawMessage,
  writeMessage,
} from './message.ts'
export { arrayItem, nestedAt } from './part.ts'
export {
  be16,
  be32,
  be64,
  binary,
  binaryOf,
  boolean8,
  flag,
  named,
  padding,
  s8,
  s32,
  s64,
  string,
  u8,
  u16,
  u32,
  u64,
} from './scalar.ts'
export { type Struct, type StructCodec, struct } from './struct.ts'
export { type KindOf, kindOf, lazy, list, numbered, type UnknownKind, type Variant, variant } from './variant.ts'
export { align, Writer } from './writer.ts'
