// A row in a form: what is typed beside what was loaded, what the api said about it, and what to do when somebody else was faster.
import { computed, reactive } from 'vue'
import { Problem } from '../api/http'
import { resources, type Change } from '../api/resources'
import type { Row } from '../api/types'
import { applies, bodyOf, expandable, valueOf, type Field, type Resource } from '../engine/fields'
import { faultText, problemText } from '../i18n'
import { learnExpand } from './labels'

export interface Conflict {
  theirs: Row
  etag: string | null
  who: string
  when: string
  /** Fields that either side changed; `mine` are those changed here. */
  fields: Field[]
  mine: string[]
}

type Values = Record<string, unknown>

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

export class RowForm {
  readonly at = reactive({ values: {} as Values, loaded: {} as Values, faults: {} as Record<string, string>, fault: '', busy: false, saving: false, gone: false, etag: null as string | null, conflict: null as Conflict | null })
  readonly dirty = computed(() => Object.keys(this.changes()).length > 0)

  constructor(
    readonly resource: Resource,
    private readonly id: string | null
  ) {}

  /** For a new row: defaults, what the URL presets, or the values of the row it is copied from. */
  async begin(preset: Values, from: string | null): Promise<void> {
    const values: Values = {}
    for (const f of this.resource.fields) if (f.onCreate && f.meta.default !== undefined && f.meta.default !== null) values[f.name] = f.meta.default
    if (from) {
      const row = await this.fetch(from)
      if (row) for (const f of this.resource.fields) if (f.onCreate && f.kind !== 'secret' && f.kind !== 'file') values[f.name] = valueOf(row, f.name)
    }
    this.at.loaded = { ...values }
    this.at.values = { ...values, ...preset }
  }

  async load(): Promise<void> {
    if (!this.id) return
    const row = await this.fetch(this.id)
    if (!row) return
    this.take(row)
  }

  private take(row: Row): void {
    const values: Values = {}
    for (const f of this.resource.fields) values[f.name] = f.meta.writeonly ? null : (valueOf(row, f.name) ?? null)
    this.at.loaded = values
    this.at.values = { ...values }
    this.at.faults = {}
  }

  private async fetch(id: string): Promise<Row | null> {
    this.at.busy = true
    try {
      const refs = expandable(this.resource.fields)
      const { body, etag } = await resources.row(this.resource.name, id, new URLSearchParams(refs.length ? { expand: refs.join(',') } : {}))
      learnExpand(body, this.resource)
      this.at.etag = etag
      return body
    } catch (e) {
      this.at.gone = e instanceof Problem && e.status === 404
      this.at.fault = problemText(e)
      return null
    } finally {
      this.at.busy = false
    }
  }

  /** What would be sent: fields that may be written, apply, and differ from what was loaded (a new row: all that say something). */
  changes(): Values {
    const { values, loaded } = this.at
    const out: Values = {}
    for (const f of this.resource.fields) {
      if (!(this.id ? f.onUpdate : f.onCreate) || !(f.name in values)) continue
      // What no longer applies is emptied, where it may be empty.
      const value = applies(f, values) || !f.meta.nullable ? values[f.name] : null
      if (f.kind === 'secret' && (value === '' || value === null || value === undefined)) continue
      if (!same(value, loaded[f.name])) out[f.name] = value ?? null
    }
    return out
  }

  private body(): Values {
    if (this.id) return bodyOf(this.changes())
    const out: Values = {}
    for (const f of this.resource.fields) {
      const value = this.at.values[f.name]
      if (f.onCreate && applies(f, this.at.values) && value !== undefined && value !== null && value !== '') out[f.name] = value
    }
    return bodyOf(out)
  }

  /** The saved row; null when the api refused it: `faults` then say why, field by field. */
  async save(): Promise<Row | null> {
    Object.assign(this.at, { saving: true, fault: '', faults: {} })
    try {
      const { body, etag } = this.id ? await resources.change(this.resource.name, this.id, this.body(), this.at.etag) : await resources.create(this.resource.name, this.body())
      this.at.etag = etag
      this.take({ ...this.at.loaded, ...body })
      return body
    } catch (e) {
      if (e instanceof Problem && e.status === 412 && this.id) await this.meet(this.id)
      else this.explain(e)
      return null
    } finally {
      this.at.saving = false
    }
  }

  private explain(e: unknown): void {
    const faults: Record<string, string> = {}
    const rest: string[] = []
    for (const f of e instanceof Problem ? e.errors : []) {
      const name = this.resource.byName.has(f.field) ? f.field : this.resource.byName.has(`custom.${f.field}`) ? `custom.${f.field}` : ''
      if (name) faults[name] = [faults[name], faultText(f)].filter(Boolean).join('；')
      else rest.push(faultText(f))
    }
    this.at.faults = faults
    this.at.fault = Object.keys(faults).length ? rest.join('；') : problemText(e)
  }

  /** Somebody else was faster: what they wrote beside what was typed here, and who it was. */
  private async meet(id: string): Promise<void> {
    const mine = this.changes()
    const was = this.at.loaded
    const theirs = await this.fetch(id)
    if (!theirs) return
    const last = await resources.history(this.resource.name, id, null).then((h) => h.items[0], () => undefined)
    const fields = this.resource.fields.filter((f) => !f.meta.writeonly && f.onUpdate && (f.name in mine || !same(was[f.name], valueOf(theirs, f.name))))
    this.at.conflict = { theirs, etag: this.at.etag, who: whoOf(last), when: last?.at ?? '', fields, mine: Object.keys(mine) }
  }

  /** Mine over theirs: what only they changed stays. */
  async keepMine(): Promise<Row | null> {
    const theirs = this.at.conflict?.theirs
    if (!theirs) return null
    const mine = this.changes()
    this.take(theirs)
    Object.assign(this.at.values, mine)
    this.at.conflict = null
    return this.save()
  }

  takeTheirs(): void {
    if (this.at.conflict) this.take(this.at.conflict.theirs)
    this.at.conflict = null
  }
}

export const whoOf = (c: Change | undefined): string => c?.actor?.label || c?.account?.label || ''
