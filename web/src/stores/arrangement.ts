// How somebody arranged the list of a resource: columns, widths, row height, rows per page, conditions that are shown. Kept per user on the server.
import { computed } from 'vue'
import { defaultColumns, filterable, listable, type Field, type Resource } from '../engine/fields'
import { moved } from '../engine/grid'
import { sizes } from '../engine/query'
import { house, loadHouse } from './house'
import { loadPreferences, prefer, preference } from './preferences'

export type Density = 'compact' | 'normal' | 'roomy'

const conditionsShown = 6
const strings = (x: unknown): string[] | undefined => (Array.isArray(x) ? x.filter((y): y is string => typeof y === 'string') : undefined)

export function arrangementOf(resource: Resource) {
  const key = `list.${resource.name}`
  const kept = computed(() => preference(key))

  const columns = computed<Field[]>(() => {
    const may = new Map(listable(resource).map((f) => [f.name, f]))
    const names = strings(kept.value.columns) ?? defaultColumns(resource)
    const chosen = names.flatMap((n) => may.get(n) ?? [])
    return chosen.length ? chosen : defaultColumns(resource).flatMap((n) => may.get(n) ?? [])
  })
  const conditions = computed<Field[]>(() => {
    const may = filterable(resource)
    const names = strings(kept.value.conditions)
    if (names) return names.flatMap((n) => may.find((f) => f.name === n) ?? [])
    const first = columns.value.filter((f) => may.includes(f))
    return [...first, ...may.filter((f) => !first.includes(f) && f.name !== 'id')].slice(0, conditionsShown)
  })
  const names = (): string[] => columns.value.map((f) => f.name)

  return {
    load: () => Promise.all([loadPreferences(), loadHouse()]),
    columns,
    conditions,
    widths: computed(() => (kept.value.widths ?? {}) as Record<string, number>),
    density: computed<Density>(() => (['compact', 'roomy'].includes(String(kept.value.density)) ? (kept.value.density as Density) : 'normal')),
    size: computed(() => ((sizes as readonly number[]).includes(Number(kept.value.size)) && kept.value.size !== undefined ? Number(kept.value.size) : house.size)),
    panel: computed(() => (kept.value.panel === undefined ? house.panel : kept.value.panel === true)),
    setColumns: (next: string[]) => prefer(key, { columns: next }),
    setConditions: (next: string[]) => prefer(key, { conditions: next }),
    setDensity: (density: Density) => prefer(key, { density }),
    setSize: (size: number) => prefer(key, { size }),
    setPanel: (panel: boolean) => prefer(key, { panel }),
    setWidth: (field: string, width: number) => prefer(key, { widths: { ...((kept.value.widths ?? {}) as Record<string, number>), [field]: width } }),
    hide: (field: string) => prefer(key, { columns: names().filter((n) => n !== field) }),
    reorder: (from: string, to: string) => prefer(key, { columns: moved(names(), from, to) }),
    nudge(field: string, by: -1 | 1): void {
      const list = names()
      const at = list.indexOf(field)
      const other = list[at + by]
      if (other !== undefined) prefer(key, { columns: list.map((n, i) => (i === at ? other : i === at + by ? field : n)) })
    },
    resetColumns: () => prefer(key, { columns: undefined, widths: undefined })
  }
}

export type Arrangement = ReturnType<typeof arrangementOf>
