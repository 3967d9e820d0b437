import { sameInEveryCase } from './property.ts'

sameInEveryCase('bandwidth')
