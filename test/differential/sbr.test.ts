import { sameInEveryCase } from './property.ts'

sameInEveryCase('sbr')
