// Pure parts of the grid: how wide columns are, where keys lead.
import type { Field, Kind } from './fields'

const byKind: Partial<Record<Kind, number>> = {
  boolean: 84, integer: 96, number: 96, duration: 96, datetime: 164, date: 112, time: 90, choice: 120, dictionary: 130, phone: 140, color: 110, reference: 150, references: 200, choices: 200, tags: 200, email: 190
}

export const widthOf = (f: Field, chosen: Record<string, number>): number => chosen[f.name] ?? f.meta.width ?? byKind[f.kind] ?? 160

export interface At {
  row: number
  col: number
}

/** Where a key leads from a cell; null when it does not move. */
export function moveOf(key: string, at: At, rows: number, cols: number, perPage: number): At | null {
  const to: Partial<Record<string, At>> = {
    ArrowDown: { row: at.row + 1, col: at.col },
    ArrowUp: { row: at.row - 1, col: at.col },
    ArrowRight: { row: at.row, col: at.col + 1 },
    ArrowLeft: { row: at.row, col: at.col - 1 },
    Home: { row: at.row, col: 0 },
    End: { row: at.row, col: cols - 1 },
    PageDown: { row: at.row + perPage, col: at.col },
    PageUp: { row: at.row - perPage, col: at.col }
  }
  const next = to[key]
  if (!next || !rows) return null
  return { row: Math.max(0, Math.min(rows - 1, next.row)), col: Math.max(0, Math.min(cols - 1, next.col)) }
}

/** A list with `from` moved to where `to` stands. */
export function moved(list: string[], from: string, to: string): string[] {
  const at = list.indexOf(to)
  if (at < 0 || !list.includes(from)) return list
  const rest = list.filter((x) => x !== from)
  return [...rest.slice(0, at), from, ...rest.slice(at)]
}
