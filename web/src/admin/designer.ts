// The fields of one resource, in their order.
import { reactive } from 'vue'
import type { Row } from '../api/types'
import { problemText } from '../i18n'
import { rows } from './client'
import { bodyOfField, type FieldDraft } from './customfields'

export const designer = reactive({ resource: '', list: [] as Row[], fault: '' })

export async function loadFields(resource: string): Promise<void> {
  designer.resource = resource
  designer.fault = ''
  try {
    designer.list = resource ? await rows.all('custom-fields', { 'filter[resource]': resource, sort: 'position,name' }) : []
  } catch (e) {
    designer.fault = problemText(e)
  }
}

export async function saveField(d: FieldDraft): Promise<void> {
  const body = bodyOfField(d)
  if (!d.id) body.position = designer.list.length + 1
  await (d.id ? rows.update('custom-fields', d.id, body) : rows.create('custom-fields', body))
  await loadFields(designer.resource)
}

/** Puts a field before another; positions are written only where they change. */
export async function reorder(moved: string, before: string | null): Promise<void> {
  const row = designer.list.find((f) => f.id === moved)
  if (!row || moved === before) return
  const rest = designer.list.filter((f) => f.id !== moved)
  const at = before ? rest.findIndex((f) => f.id === before) : rest.length
  rest.splice(at < 0 ? rest.length : at, 0, row)
  designer.list = rest
  for (const [i, f] of rest.entries())
    if (f.position !== i + 1) {
      f.position = i + 1
      await rows.update('custom-fields', f.id, { position: i + 1 })
    }
}
