// Trees of rows that know their parent: departments, dictionary entries, categories. Pure; pages keep the rows.
import type { Row } from '../api/types'

export interface Node {
  id: string
  parent: string
  level: number
  row: Row
  children: Node[]
}

const idOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const place = (row: Row): number => (typeof row.position === 'number' ? row.position : 0)

/** Rows as a forest, siblings by position and name. A row whose parent is not among them (not visible to us) stands at the top. */
export function forest(rows: Row[], parentField = 'parent_id', labelField = 'name'): Node[] {
  const nodes = new Map<string, Node>()
  for (const row of rows) nodes.set(idOf(row.id), { id: idOf(row.id), parent: '', level: 0, row, children: [] })
  const roots: Node[] = []
  for (const node of nodes.values()) {
    const parent = nodes.get(idOf(node.row[parentField]))
    if (parent && parent !== node) node.parent = parent.id
    ;(parent && parent !== node ? parent.children : roots).push(node)
  }
  const order = (all: Node[], level: number): void => {
    all.sort((a, b) => place(a.row) - place(b.row) || String(a.row[labelField]).localeCompare(String(b.row[labelField]), 'zh'))
    for (const node of all) {
      node.level = level
      order(node.children, level + 1)
    }
  }
  order(roots, 0)
  return roots
}

/** The nodes that are seen when `closed` ones are folded, from top to bottom. */
export function visible(roots: Node[], closed: ReadonlySet<string>): Node[] {
  const seen: Node[] = []
  const walk = (all: Node[]): void => {
    for (const node of all) {
      seen.push(node)
      if (!closed.has(node.id)) walk(node.children)
    }
  }
  walk(roots)
  return seen
}

export function find(roots: Node[], id: string): Node | undefined {
  for (const node of roots) {
    const hit = node.id === id ? node : find(node.children, id)
    if (hit) return hit
  }
  return undefined
}

/** The node and all below it. */
export const idsBelow = (node: Node): string[] => [node.id, ...node.children.flatMap(idsBelow)]

export type Where = 'before' | 'after' | 'into'

/** The rows that must be written so that `moved` stands before, after or in `target`; null: the move would make a circle, or changes nothing. */
export function move(roots: Node[], moved: string, target: string, where: Where, parentField = 'parent_id'): { id: string; set: Row }[] | null {
  const node = find(roots, moved)
  const goal = find(roots, target)
  if (!node || !goal || idsBelow(node).includes(target)) return null
  const parent = where === 'into' ? goal.id : goal.parent
  const siblings = (parent ? (find(roots, parent)?.children ?? []) : roots).filter((n) => n.id !== moved)
  const at = where === 'into' ? siblings.length : siblings.findIndex((n) => n.id === target) + (where === 'after' ? 1 : 0)
  siblings.splice(at, 0, node)
  const writes: { id: string; set: Row }[] = []
  siblings.forEach((n, i) => {
    const set: Row = {}
    if (place(n.row) !== i + 1) set.position = i + 1
    if (n.id === moved && node.parent !== parent) set[parentField] = parent || null
    if (Object.keys(set).length) writes.push({ id: n.id, set })
  })
  return writes.length ? writes : null
}
