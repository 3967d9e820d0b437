export { ip, mac } from './address.ts'
export {
  type Attributes,
  type AttributesCodec,
  attr,
  attributes,
  attributesOf,
  type Entry,
  each,
  NLA_F_NESTED,
  NLA_TYPE_MASK,
  type RawAttribute,
  type Table,
  type Take,
  type Unknown,
} from './attributes.ts'
export { type Codec, DecodeError, type FixedCodec, type Value } from './codec.ts'
export { littleEndian } from './endian.ts'
export {
  type Acknowledgement,
  extendedAck,
  type FlatMessageCodec,
  flatMessage,
  HEADER_BYTES,
  type Message,
  type MessageCodec,
  message,
  messageHeader,
  messagesOf,
  NLM_F,
  NLMSG,
  policy,
  type RawMessage,
  readAcknowledgement,
  writeMessage,
} from './message.ts'
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
export { lazy, list, type UnknownKind, type Variant, variant } from './variant.ts'
export { align, Writer } from './writer.ts'
