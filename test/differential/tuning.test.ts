import { sameInEveryCase } from './property.ts'

sameInEveryCase('tuning')
