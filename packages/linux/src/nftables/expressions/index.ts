export * from './constants.ts'
export { dynset, type Expression, expression, type StatefulExpression, statefulExpression } from './expression.ts'
