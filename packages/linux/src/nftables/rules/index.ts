export { type BitField, type Comparison, Field, type InterfaceField, type MarkField } from './field.ts'
export { ct, ether, fib, icmp, icmpv6, ip, ip6, meta, sctp, tcp, th, udp } from './fields.ts'
export { dnat, masquerade, type NatOptions, type PortChoice, redirect, snat } from './nat.ts'
export { type Comment, comment, rule } from './rule.ts'
export { RuleContext, type Statement } from './rule-context.ts'
export { concat, type Source } from './source.ts'
export {
  addTo,
  clampMaxSegment,
  counter,
  type LimitOptions,
  type LogOptions,
  limit,
  log,
  notrack,
  quota,
  reject,
} from './statements.ts'
