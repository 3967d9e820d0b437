import { sameInEveryCase } from './property.ts'

sameInEveryCase('ptp')
