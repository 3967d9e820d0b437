import { sameInEveryCase } from './property.ts'

sameInEveryCase('bridge')
