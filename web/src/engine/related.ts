// Which resources point to a given one, and by which field: the related lists of its rows.
import type { ResourceMeta } from '../api/types'
import { fieldOf, type Field } from './fields'

export interface Related {
  meta: ResourceMeta
  field: Field
}

const relatedMax = 12

export function relatedTo(name: string, all: ResourceMeta[]): Related[] {
  const found: Related[] = []
  for (const meta of all) {
    if (!meta.can.list) continue
    for (const f of meta.fields) if (f.ref === name && f.type === 'uuid' && f.filter?.includes('eq') && f.name !== 'tenant_id') found.push({ meta, field: fieldOf(f) })
  }
  return found.slice(0, relatedMax)
}
