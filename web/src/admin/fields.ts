// Who may do what with a field: one entry a role and field; without an entry a field may be read and written.
import { reactive } from 'vue'
import type { FieldMeta, ResourceMeta, Row } from '../api/types'
import { admin, rows } from './client'

export const accesses = ['write', 'read', 'masked', 'none'] as const
export type Access = (typeof accesses)[number]

export interface MatrixField {
  name: string
  zh: string
  en: string
  mask: boolean
  readonly: boolean
}

type Meta = ResourceMeta & { custom?: boolean }
type Field = FieldMeta & { mask?: string; readonly?: boolean; writeonly?: boolean }

export const fieldStore = reactive({ resources: [] as Meta[], resource: '', entries: [] as Row[], busy: false })

const key = (role: unknown, field: string): string => `${String(role)} ${field}`
const boring = new Set(['id', 'tenant_id', 'created_at', 'updated_at', 'custom'])

export async function loadFieldResources(): Promise<void> {
  fieldStore.resources = (await admin.resources()).resources
}

export async function loadFieldEntries(resource: string): Promise<void> {
  fieldStore.resource = resource
  fieldStore.entries = resource ? await rows.all('role-fields', { 'filter[resource]': resource }) : []
}

export function fieldsOf(resource: string): MatrixField[] {
  const meta = fieldStore.resources.find((m) => m.name === resource)
  return ((meta?.fields ?? []) as Field[]).filter((f) => !boring.has(f.name) && !f.writeonly).map((f) => ({ name: f.name, zh: f.zh, en: f.en, mask: Boolean(f.mask), readonly: Boolean(f.readonly) }))
}

export function accessOf(role: unknown, field: MatrixField): Access {
  const entry = fieldStore.entries.find((e) => key(e.role_id, String(e.field)) === key(role, field.name))
  const access = (entry?.access as Access | undefined) ?? 'write'
  return access === 'write' && field.readonly ? 'read' : access
}

export async function setAccess(role: string, field: MatrixField, access: Access): Promise<void> {
  const entry = fieldStore.entries.find((e) => key(e.role_id, String(e.field)) === key(role, field.name))
  fieldStore.busy = true
  try {
    if (entry) Object.assign(entry, await rows.update('role-fields', entry.id, { access }))
    else fieldStore.entries.push(await rows.create('role-fields', { role_id: role, resource: fieldStore.resource, field: field.name, access }))
  } finally {
    fieldStore.busy = false
  }
}
