// Rows of a resource as choices: searched on the server while one types, by its one search box or by the label.
import { resources } from '../api/resources'
import type { Row } from '../api/types'
import { labelField, resourceOf } from '../engine/fields'
import { labelOfRow, learnLabel } from './labels'
import { resourceNamed } from './meta'

export interface RowChoice {
  id: string
  text: string
}

const choicesMax = 30

function textOf(row: Row, label: string): string {
  const name = String(row[label] ?? row.id)
  const number = label !== 'number' && typeof row.number === 'string' ? `${row.number} ` : ''
  return `${number}${name}`
}

export async function searchRows(target: string, word: string, signal?: AbortSignal, only: Record<string, string> = {}): Promise<RowChoice[]> {
  const known = resourceNamed(target)
  if (!known) return []
  const resource = resourceOf(known)
  const label = labelField(resource)?.name ?? 'id'
  const params = new URLSearchParams({ limit: String(choicesMax) })
  if (resource.byName.get(label)?.sortable) params.set('sort', label)
  if (word && known.search?.length) params.set('q', word)
  else if (word) params.set(`filter[${label}][contains]`, word)
  for (const [field, value] of Object.entries(only)) params.set(`filter[${field}]`, value)
  const page = await resources.list(target, params, signal)
  return page.items.map((row) => {
    learnLabel(target, String(row.id), String(row[label] ?? ''))
    return { id: String(row.id), text: textOf(row, label) }
  })
}

/** Makes sure that the names of these rows are known. */
export async function learnRows(target: string, ids: string[]): Promise<void> {
  const unknown = ids.filter((id) => id && !labelOfRow(target, id))
  const known = resourceNamed(target)
  if (!unknown.length || !known) return
  const label = labelField(resourceOf(known))?.name ?? 'id'
  const page = await resources.list(target, new URLSearchParams({ limit: '200', 'filter[id][in]': unknown.slice(0, 200).join(',') }))
  for (const row of page.items) learnLabel(target, String(row.id), String(row[label] ?? ''))
}
