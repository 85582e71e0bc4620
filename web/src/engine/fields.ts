// What a page needs to know of a field, read once from its metadata: its kind decides how it is shown, typed and filtered.
import type { FieldMeta, Label, ResourceMeta } from '../api/types'

export type Kind =
  | 'text' | 'longtext' | 'html' | 'code' | 'json' | 'secret' | 'phone' | 'email' | 'ip'
  | 'integer' | 'number' | 'duration' | 'boolean' | 'date' | 'datetime' | 'time'
  | 'choice' | 'choices' | 'tags' | 'reference' | 'references' | 'dictionary' | 'cascade' | 'color' | 'file'

export interface Choice {
  value: string
  zh: string
  en: string
}

export interface Field {
  name: string
  kind: Kind
  meta: FieldMeta
  zh: string
  en: string
  choices: Choice[]
  /** May be typed when a row is made; when it is changed. */
  onCreate: boolean
  onUpdate: boolean
  required: boolean
  masked: boolean
  sortable: boolean
  operators: string[]
  group: string
}

const byWidget: Partial<Record<string, Kind>> = {
  textarea: 'longtext', html: 'html', color: 'color', code: 'code', vxml: 'code', tags: 'tags', duration: 'duration', file: 'file', image: 'file', audio: 'file'
}
const byType: Partial<Record<string, Kind>> = {
  text: 'longtext', textarea: 'longtext', integer: 'integer', number: 'number', decimal: 'number', boolean: 'boolean', uuid: 'reference', datetime: 'datetime', date: 'date', time: 'time', ip: 'ip',
  strings: 'tags', uuids: 'references', json: 'json', email: 'email', phone: 'phone', attachment: 'file'
}

function kindOf(f: FieldMeta, choices: Choice[]): Kind {
  if (f.custom_type) return customKind(f.custom_type, choices, f)
  if (f.writeonly && !f.file) return 'secret'
  if (f.file) return 'file'
  if (choices.length) return f.type === 'strings' || f.type === 'json' ? 'choices' : 'choice'
  if (f.dictionary || f.dictionary_id) return f.widget === 'tree' ? 'cascade' : f.type === 'strings' ? 'choices' : 'dictionary'
  if (f.type === 'uuid') return f.ref || f.refs ? 'reference' : 'text'
  if (f.type === 'uuids') return f.ref ? 'references' : 'tags'
  if (f.type === 'string' && (f.mask === 'phone' || f.mask === 'email')) return f.mask
  return (f.widget && byWidget[f.widget]) || byType[f.type] || 'text'
}

/** Fields that a tenant made itself say their type; those with choices of a dictionary say which. */
function customKind(type: string, choices: Choice[], f: FieldMeta): Kind {
  const chosen = choices.length > 0 || !!f.dictionary || !!f.dictionary_id
  if (type === 'single') return choices.length ? 'choice' : chosen ? 'dictionary' : 'text'
  if (type === 'multi') return chosen ? 'choices' : 'tags'
  if (type === 'cascade') return chosen ? 'cascade' : 'tags'
  if (type === 'region' || type === 'text') return 'text'
  return byType[type] ?? 'text'
}

const labelled = (value: string, label: Label | undefined): Choice => ({ value, zh: label?.zh ?? value, en: label?.en ?? value })

/** Choices come as plain values, as values with labels beside them, or as an object of labels. */
export function choicesOf(f: FieldMeta): Choice[] {
  if (Array.isArray(f.choices)) return flat(choiceTree(f.choices))
  if (Array.isArray(f.enum)) return f.enum.map((value) => labelled(value, f.labels?.[value]))
  return f.enum ? Object.entries(f.enum).map(([value, label]) => labelled(value, label)) : []
}

export interface ChoiceNode extends Choice {
  children: ChoiceNode[]
}

/** Choices of a custom field, which may have others below them; a plain text stands for itself. */
export function choiceTree(choices: unknown): ChoiceNode[] {
  return (Array.isArray(choices) ? (choices as unknown[]) : []).map((c) => {
    if (typeof c === 'string') return { ...labelled(c, undefined), children: [] }
    const o = c as { value?: string; zh?: string; en?: string; children?: unknown }
    const value = o.value ?? o.zh ?? ''
    return { value, zh: o.zh ?? value, en: o.en || (o.zh ?? value), children: choiceTree(o.children) }
  })
}

const flat = (nodes: ChoiceNode[]): Choice[] => nodes.flatMap((n) => [{ value: n.value, zh: n.zh, en: n.en }, ...flat(n.children)])

/** A field that only the system knows how to fill. */
const systemFields = new Set(['id', 'tenant_id', 'created_at', 'updated_at', 'deleted_at', 'deleted_by'])

export function fieldOf(f: FieldMeta): Field {
  const choices = choicesOf(f)
  const masked = f.masked === true || f.access === 'masked'
  const fixed = f.readonly === true || f.access === 'read' || masked || systemFields.has(f.name) && f.name !== 'tenant_id'
  return {
    name: f.name, kind: kindOf(f, choices), meta: f, zh: f.zh || f.name, en: f.en || f.name, choices,
    onCreate: !fixed, onUpdate: !fixed && !f.create_only && !systemFields.has(f.name), required: f.required === true, masked,
    sortable: f.sort === true && !masked, operators: f.filter ?? [], group: f.group || f.group_name || (f.custom ? 'custom' : 'basic')
  }
}

export interface Resource {
  name: string
  zh: string
  en: string
  meta: ResourceMeta
  fields: Field[]
  byName: Map<string, Field>
}

function order(a: Field, b: Field, at: Map<string, number>): number {
  const place = (f: Field): number => (f.meta.custom ? 10_000 + 100 * (f.meta.position ?? 0) + (at.get(f.name) ?? 0) / 1000 : (f.meta.order ?? 1000 + (at.get(f.name) ?? 0)))
  return place(a) - place(b)
}

export function resourceOf(m: ResourceMeta): Resource {
  const at = new Map(m.fields.map((f, i) => [f.name, i]))
  const fields = m.fields.filter((f) => f.name !== 'custom').map(fieldOf).sort((a, b) => order(a, b, at))
  return { name: m.name, zh: m.zh, en: m.en, meta: m, fields, byName: new Map(fields.map((f) => [f.name, f])) }
}

export const labelField = (r: Resource): Field | undefined => r.byName.get(r.meta.label ?? '') ?? r.byName.get('name') ?? r.byName.get('number')

/** What may be a column of the list. */
export const listable = (r: Resource): Field[] => r.fields.filter((f) => !f.meta.detail && !f.meta.writeonly && f.kind !== 'html' && f.kind !== 'code')

const lastResort = new Set(['id', 'tenant_id', 'updated_at'])
const defaultColumnsMax = 9

/** The columns of somebody who has chosen none. */
export function defaultColumns(r: Resource): string[] {
  const all = listable(r).filter((f) => f.meta.list !== false && !lastResort.has(f.name) && f.kind !== 'json' && (f.kind !== 'longtext' || f.meta.list === true))
  const label = labelField(r)
  // The name of a row stands among the first columns, wherever the table has it.
  const first = label && all.indexOf(label) > 2 ? [label] : []
  const created = all.filter((f) => f.name === 'created_at')
  const rest = all.filter((f) => !first.includes(f) && !created.includes(f))
  return [...first, ...rest, ...created].slice(0, defaultColumnsMax).map((f) => f.name)
}

/** Fields that can be asked for in the search panel. */
export const filterable = (r: Resource): Field[] => r.fields.filter((f) => f.operators.length > 0 && f.kind !== 'json' && f.name !== 'tenant_id')

/** Fields of the form in their groups, for making (id null) or changing a row. Fixed fields are shown grey when there is a row. */
export function formGroups(r: Resource, creating: boolean): { name: string; zh: string; en: string; fields: Field[] }[] {
  const shown = r.fields.filter((f) => f.name !== 'id' && (creating ? f.onCreate : f.onCreate || f.onUpdate || !f.meta.writeonly))
  const names = [...new Set([...Object.keys(r.meta.groups ?? {}), 'basic', ...shown.map((f) => f.group)])]
  return names
    .map((name) => ({ name, ...groupLabel(r, name), fields: shown.filter((f) => f.group === name) }))
    .filter((g) => g.fields.length)
}

function groupLabel(r: Resource, name: string): Label {
  const known: Record<string, Label> = { basic: { zh: '基本资料', en: 'Basic' }, advanced: { zh: '高级资料', en: 'Advanced' }, custom: { zh: '自定义字段', en: 'Custom fields' } }
  return r.meta.groups?.[name] ?? known[name] ?? { zh: name, en: name }
}

/** Whether a dependent field stands in the form, given the values beside it. */
export function applies(f: Field, values: Record<string, unknown>): boolean {
  const when = f.meta.when
  return !when || when.in.some((x) => x === values[when.field] || String(x) === String(values[when.field]))
}

/** The resource that a reference points to; another field may decide it. */
export function refOf(f: Field, values: Record<string, unknown>): string | undefined {
  if (f.meta.ref) return f.meta.ref
  const by = f.meta.refs?.by
  return by ? f.meta.refs?.[String(values[by])] : undefined
}

/** Fields whose rows' names can come along with a row. */
export const expandable = (fields: Field[]): string[] => fields.filter((f) => f.meta.expand && !f.meta.file).map((f) => f.name)

export function valueOf(row: Record<string, unknown>, name: string): unknown {
  if (!name.startsWith('custom.')) return row[name]
  const custom = row.custom
  if (custom && typeof custom === 'object') return (custom as Record<string, unknown>)[name.slice(7)]
  return row[name]
}

/** Values by field name as a request's body: custom fields go into their own object. */
export function bodyOf(values: Record<string, unknown>): Record<string, unknown> {
  const body: Record<string, unknown> = {}
  const custom: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith('custom.')) custom[name.slice(7)] = value
    else body[name] = value
  }
  if (Object.keys(custom).length) body.custom = custom
  return body
}
