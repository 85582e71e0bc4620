// Rows of a resource as choices: searched on the server while one types, by its one search box or by the label.
import { resources } from '../api/resources'
import type { Row } from '../api/types'
import { labelField, resourceOf, type Resource } from '../engine/fields'
import { e } from '../i18n/engine'
import { labelOfRow, learnLabel } from './labels'
import { resourceNamed } from './meta'

export interface RowChoice {
  id: string
  text: string
}

const choicesMax = 30

/** The row's label as references show it: with another field in brackets where the table says so. */
function labelText(row: Row, resource: Resource): string {
  const name = String(row[labelField(resource)?.name ?? 'id'] ?? '')
  const also = resource.meta.label_with ? row[resource.meta.label_with] : undefined
  return also ? `${name}(${String(also)})` : name
}

function textOf(row: Row, resource: Resource): string {
  const label = labelField(resource)?.name ?? 'id'
  const name = labelText(row, resource) || String(row.id)
  const number = label !== 'number' && typeof row.number === 'string' ? `${row.number} ` : ''
  const count = resource.meta.count
  return `${number}${name}${count && typeof row[count] === 'number' ? ` (${row[count]})` : ''}`
}

/** `bin`: among those that were deleted, each marked so. */
export async function searchRows(target: string, word: string, signal?: AbortSignal, only: Record<string, string> = {}, bin = false): Promise<RowChoice[]> {
  const known = resourceNamed(target)
  if (!known || (bin && known.recycle === false)) return []
  const resource = resourceOf(known)
  const label = labelField(resource)?.name ?? 'id'
  const params = new URLSearchParams({ limit: String(choicesMax) })
  if (resource.byName.get(label)?.sortable) params.set('sort', label)
  if (word && known.search?.length) params.set('q', word)
  else if (word) params.set(`filter[${label}][contains]`, word)
  for (const [field, value] of Object.entries(only)) params.set(`filter[${field}]`, value)
  if (bin) params.set('deleted', 'true')
  const page = await resources.list(target, params, signal)
  return page.items.map((row) => {
    learnLabel(target, String(row.id), labelText(row, resource), bin)
    return { id: String(row.id), text: `${textOf(row, resource)}${bin ? ` [${e.value.list.deletedRef}]` : ''}` }
  })
}

/** Makes sure that the names of these rows are known. */
export async function learnRows(target: string, ids: string[]): Promise<void> {
  const unknown = ids.filter((id) => id && !labelOfRow(target, id))
  const known = resourceNamed(target)
  if (!unknown.length || !known) return
  const page = await resources.list(target, new URLSearchParams({ limit: '200', 'filter[id][in]': unknown.slice(0, 200).join(',') }))
  for (const row of page.items) learnLabel(target, String(row.id), labelText(row, resourceOf(known)))
}
