// Which rows of a list are ticked: by id, or all that match.
import { reactive } from 'vue'

export class Selected {
  readonly at = reactive({ ids: new Set<string>(), all: false })
  private last = ''

  /** `range`: from the one ticked last to this one, in the order of `rows`. */
  set(ids: string[], on: boolean, range: boolean, rows: string[]): void {
    this.at.all = false
    const [id = ''] = ids
    const span = range && ids.length === 1 && this.last ? between(rows, this.last, id) : ids
    for (const x of span) if (on) this.at.ids.add(x)
    else this.at.ids.delete(x)
    if (ids.length === 1) this.last = id
  }

  clear(): void {
    this.at.ids.clear()
    this.at.all = false
    this.last = ''
  }
}

function between(rows: string[], a: string, b: string): string[] {
  const [from, to] = [rows.indexOf(a), rows.indexOf(b)].sort((x, y) => x - y)
  return from === undefined || to === undefined || from < 0 ? [b] : rows.slice(from, to + 1)
}
