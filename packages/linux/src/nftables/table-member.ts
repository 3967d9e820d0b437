import { type Family, familyNumber } from './family.ts'

/** Which table. */
export interface TableRef {
  family: Family
  name: string
}

/** Which chain, set or stateful object of a table. */
export interface TableMember {
  table: TableRef
  name: string
}

/** The header of a message about something in a table, and the name of the table. */
export function inTable({ family, name }: TableRef): { family: number; table: string } {
  return { family: familyNumber(family), table: name }
}

/** `chain inet filter input` */
export function describeMember(kind: string, { table, name }: TableMember): string {
  return `${kind} ${table.family} ${table.name} ${name}`
}
