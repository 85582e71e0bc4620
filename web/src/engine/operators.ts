// Which conditions a field offers, in the order in which people want them.
import type { Field, Kind } from './fields'

const texts = ['contains', 'eq', 'ne', 'starts', 'in', 'null', 'notnull']
const numbers = ['eq', 'between', 'ge', 'le', 'gt', 'lt', 'ne', 'null', 'notnull']
const chosen = ['in', 'eq', 'ne', 'null', 'notnull']
const byKind: Partial<Record<Kind, string[]>> = {
  integer: numbers, number: numbers, duration: numbers, datetime: ['range', 'null', 'notnull'], date: ['dayrange', 'null', 'notnull'], time: ['eq', 'ge', 'le'], boolean: ['eq'], choice: chosen, dictionary: chosen, cascade: ['contains', 'in', 'eq', 'null', 'notnull'],
  choices: ['contains', 'eq', 'null', 'notnull'], tags: ['contains', 'eq', 'null', 'notnull'], reference: ['eq', 'ne', 'null', 'notnull'], references: ['contains', 'null', 'notnull'], ip: ['eq', 'ne', 'null']
}

/** What the server must know for it. */
const needs: Record<string, string[]> = { range: ['ge', 'le'], dayrange: ['ge', 'le'], notnull: ['null'] }

export const operatorsOf = (f: Field): string[] => (f.masked ? ['eq'] : (byKind[f.kind] ?? texts)).filter((op) => (needs[op] ?? [op]).every((x) => f.operators.includes(x)))

/** Operators without a value to type. */
export const bare = (op: string): boolean => op === 'null' || op === 'notnull'
