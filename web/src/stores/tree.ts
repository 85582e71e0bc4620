// A resource that is a tree (departments, categories): all its rows, as a tree, with what is open.
import { computed, reactive } from 'vue'
import { resources } from '../api/resources'
import type { Row } from '../api/types'
import { labelField, type Resource } from '../engine/fields'
import { problemText } from '../i18n'

export interface Node {
  row: Row
  id: string
  name: string
  depth: number
  children: number
}

const pagesMax = 25

export class Tree {
  readonly at = reactive({ rows: [] as Row[], open: new Set<string>(), busy: false, first: true, fault: '', more: false })
  private readonly parent: string
  private readonly label: string

  constructor(readonly resource: Resource) {
    this.parent = resource.meta.tree ?? 'parent_id'
    this.label = labelField(resource)?.name ?? 'id'
  }

  async load(): Promise<void> {
    Object.assign(this.at, { busy: true, fault: '' })
    try {
      const rows: Row[] = []
      const sort = this.resource.byName.has('position') ? 'position,id' : 'id'
      let cursor: string | null = null
      for (let n = 0; n < pagesMax && (n === 0 || cursor); n++) {
        const page = await resources.list(this.resource.name, new URLSearchParams({ limit: '200', sort, ...(cursor && { cursor }) }))
        rows.push(...page.items)
        cursor = page.next
      }
      Object.assign(this.at, { rows, more: cursor !== null })
      if (this.at.first) for (const row of rows) if (!row[this.parent]) this.at.open.add(String(row.id))
    } catch (e) {
      this.at.fault = problemText(e)
    }
    Object.assign(this.at, { busy: false, first: false })
  }

  private readonly byParent = computed(() => {
    const map = new Map<string, Row[]>()
    const ids = new Set(this.at.rows.map((r) => String(r.id)))
    for (const row of this.at.rows) {
      const parent = row[this.parent]
      // Whose parent is out of sight stands at the top.
      const key = typeof parent === 'string' && ids.has(parent) ? parent : ''
      map.set(key, [...(map.get(key) ?? []), row])
    }
    return map
  })

  /** The rows in their order, those below a closed one left out. With a word: what has it in its name, with all that is above. */
  shown(word: string): Node[] {
    const w = word.trim().toLowerCase()
    const out: Node[] = []
    const walk = (parent: string, depth: number): boolean => {
      let any = false
      for (const row of this.byParent.value.get(parent) ?? []) {
        const id = String(row.id)
        const node = { row, id, name: String(row[this.label] ?? ''), depth, children: this.byParent.value.get(id)?.length ?? 0 }
        const at = out.push(node) - 1
        const below = w || this.at.open.has(id) ? walk(id, depth + 1) : false
        const hit = !w || node.name.toLowerCase().includes(w) || below
        if (!hit) out.splice(at)
        any ||= hit
      }
      return any
    }
    walk('', 0)
    return out
  }

  toggle(id: string): void {
    if (!this.at.open.delete(id)) this.at.open.add(id)
  }

  openAll(open: boolean): void {
    this.at.open.clear()
    if (open) for (const id of this.byParent.value.keys()) if (id) this.at.open.add(id)
  }

  /** Where a row may be moved to: everywhere but below itself. */
  targets(id: string): Node[] {
    const below = new Set<string>([id])
    const spread = (x: string): void => {
      for (const row of this.byParent.value.get(x) ?? []) {
        below.add(String(row.id))
        spread(String(row.id))
      }
    }
    spread(id)
    const was = new Set(this.at.open)
    this.openAll(true)
    const all = this.shown('').filter((n) => !below.has(n.id))
    this.at.open.clear()
    for (const x of was) this.at.open.add(x)
    return all
  }

  async move(id: string, parent: string | null): Promise<void> {
    await resources.change(this.resource.name, id, { [this.parent]: parent })
    if (parent) this.at.open.add(parent)
    await this.load()
  }

  get parentField(): string {
    return this.parent
  }
}
