// Names of rows by resource and id, learnt from `expand` and from choices. A reference is shown by its name, never by its id.
import { reactive } from 'vue'
import type { Row } from '../api/types'
import { refOf, type Resource } from '../engine/fields'
import { whenForgotten } from './session'

export interface RowLabel {
  label: string
  deleted: boolean
}

const names = reactive(new Map<string, RowLabel>())
const keyOf = (resource: string, id: string): string => `${resource}/${id}`

export function learnLabel(resource: string, id: string, label: string, deleted = false): void {
  names.set(keyOf(resource, id), { label, deleted })
}

/** A row's `expand` names what its references point to. */
export function learnExpand(row: Row, of: Resource): void {
  const expand = row.expand as Record<string, { id: string; label: string | null; deleted?: boolean } | null> | undefined
  for (const [field, to] of Object.entries(expand ?? {})) {
    const f = of.byName.get(field)
    const resource = f && refOf(f, row)
    if (to && resource) learnLabel(resource, to.id, to.label ?? '', to.deleted)
  }
}

export const labelOfRow = (resource: string | undefined, id: unknown): RowLabel | undefined => (resource && typeof id === 'string' ? names.get(keyOf(resource, id)) : undefined)

whenForgotten(() => names.clear())
