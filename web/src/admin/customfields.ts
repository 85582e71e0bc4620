// A custom field as its form has it, and as the API takes it. Pure.
import type { Row } from '../api/types'

export const fieldTypes = ['text', 'textarea', 'email', 'phone', 'single', 'multi', 'cascade', 'date', 'datetime', 'integer', 'decimal', 'region', 'attachment'] as const
export type FieldType = (typeof fieldTypes)[number]
export const maskKinds = ['phone', 'email', 'id', 'name', 'all'] as const

export interface ChoiceDraft {
  value: string
  zh: string
  en: string
  children: ChoiceDraft[]
}

export interface FieldDraft {
  id: string
  resource: string
  name: string
  zh: string
  en: string
  type: FieldType
  required: boolean
  enabled: boolean
  unique_value: boolean
  default_text: string
  dictionary_id: string | null
  own: boolean
  choices: ChoiceDraft[]
  mask: string
  group_name: string
  help_zh: string
  help_en: string
}

export const withChoices = (type: FieldType): boolean => ['single', 'multi', 'cascade'].includes(type)
export const withUnique = (type: FieldType): boolean => ['text', 'email', 'phone', 'single', 'date', 'datetime', 'integer', 'decimal'].includes(type)
export const withDefault = (type: FieldType): boolean => !['attachment', 'cascade', 'region'].includes(type)
export const withMask = (type: FieldType): boolean => ['text', 'textarea', 'email', 'phone'].includes(type)

const text = (v: unknown): string => (typeof v === 'string' ? v : '')

function choiceOf(v: unknown): ChoiceDraft {
  if (typeof v === 'string') return { value: v, zh: v, en: v, children: [] }
  const o = (v ?? {}) as Record<string, unknown>
  const value = text(o.value) || text(o.code)
  return { value, zh: text(o.zh) || value, en: text(o.en), children: Array.isArray(o.children) ? o.children.map(choiceOf) : [] }
}

export function draftOfField(row: Row): FieldDraft {
  const d = row.default_value
  return {
    id: text(row.id), resource: text(row.resource), name: text(row.name), zh: text(row.zh), en: text(row.en), type: (text(row.type) || 'text') as FieldType, required: Boolean(row.required), enabled: row.enabled !== false,
    unique_value: Boolean(row.unique_value), default_text: d === null || d === undefined ? '' : Array.isArray(d) ? d.join(',') : String(d), dictionary_id: text(row.dictionary_id) || null, own: !row.dictionary_id,
    choices: Array.isArray(row.choices) ? row.choices.map(choiceOf) : [], mask: text(row.mask), group_name: text(row.group_name), help_zh: text(row.help_zh), help_en: text(row.help_en)
  }
}

/** The typed default, as the type wants it; undefined when it does not fit. */
export function defaultOf(type: FieldType, typed: string): unknown {
  const word = typed.trim()
  if (!word) return null
  if (type === 'integer') return /^-?\d{1,15}$/.test(word) ? Number(word) : undefined
  if (type === 'decimal') return /^-?\d{1,15}(\.\d{1,10})?$/.test(word) ? Number(word) : undefined
  if (type === 'multi') return word.split(/[,，]/).map((x) => x.trim()).filter(Boolean)
  if (type === 'date') return /^\d{4}-\d{2}-\d{2}$/.test(word) ? word : undefined
  return word
}

function choiceBody(c: ChoiceDraft): Row {
  const value = c.value.trim() || c.zh.trim()
  return { value, zh: c.zh.trim() || value, en: c.en.trim() || c.zh.trim() || value, ...(c.children.length ? { children: c.children.map(choiceBody) } : {}) }
}

export function bodyOfField(d: FieldDraft): Row {
  const listed = withChoices(d.type)
  const body: Row = {
    zh: d.zh.trim(), en: d.en.trim() || d.zh.trim(), required: d.required, enabled: d.enabled, unique_value: withUnique(d.type) && d.unique_value, default_value: withDefault(d.type) ? defaultOf(d.type, d.default_text) : null,
    dictionary_id: listed && !d.own ? d.dictionary_id : null, choices: listed && d.own ? d.choices.filter((c) => c.zh.trim() || c.value.trim()).map(choiceBody) : null, mask: withMask(d.type) && d.mask ? d.mask : null,
    group_name: d.group_name.trim(), help_zh: d.help_zh, help_en: d.help_en
  }
  return d.id ? body : { ...body, resource: d.resource, name: d.name.trim(), type: d.type }
}

/** What is still missing, by field of the form. */
export function faultsOfField(d: FieldDraft): string[] {
  const faults: string[] = []
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(d.name.trim())) faults.push('name')
  if (!d.zh.trim() || [...d.zh].length > 30) faults.push('zh')
  if (withChoices(d.type) && (d.own ? !d.choices.some((c) => c.zh.trim()) : !d.dictionary_id)) faults.push('choices')
  if (withDefault(d.type) && defaultOf(d.type, d.default_text) === undefined) faults.push('default')
  return faults
}
