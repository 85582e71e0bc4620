// The import wizard: file → columns → rules → the job. Each step's answers are kept here; the job itself runs without the page.
import { computed, reactive } from 'vue'
import { resources, type Job, type MappedColumn, type Preview } from '../api/resources'
import type { Field, Resource } from '../engine/fields'
import { problemText } from '../i18n'
import { JobWatch } from './jobs'
import { prefs } from './prefs'
import { FileUpload } from './uploading'

export type Step = 'file' | 'columns' | 'rules' | 'result'

export const importable = (r: Resource): Field[] => r.fields.filter((f) => (f.onCreate || f.onUpdate) && !['file', 'json', 'html', 'secret'].includes(f.kind))

/** The server's suggestion, as a list by column. */
function suggested(p: Preview): (string | null)[] {
  return p.columns.map((_, i) => {
    const at = p.mapping.find((m) => m && typeof m === 'object' && m.column === i)
    if (at && typeof at === 'object') return at.field ?? null
    const plain = p.mapping[i]
    return typeof plain === 'string' ? plain : null
  })
}

/** Fields whose texts stand for codes or rows: their names in the file are turned into what is stored. */
export const translates = (f: Field | undefined): boolean => !!f && (f.choices.length > 0 || !!f.meta.dictionary || !!f.meta.dictionary_id || f.kind === 'boolean')

export class ImportWizard {
  readonly upload = new FileUpload()
  readonly watch = new JobWatch()
  readonly at = reactive({
    step: 'file' as Step, preview: null as Preview | null, busy: false, fault: '', fields: [] as (string | null)[], dictionary: [] as boolean[], skip: 1, encoding: '', delimiter: '', sheet: '',
    mode: 'create' as 'create' | 'update' | 'upsert', match: [] as string[], duplicate: 'skip' as 'skip' | 'update' | 'reject', later: false, runAt: null as string | null
  })

  constructor(readonly resource: Resource) {}

  async choose(file: File): Promise<void> {
    Object.assign(this.at, { preview: null, fault: '', encoding: '', delimiter: '', sheet: '', skip: 1 })
    await this.after(() => this.upload.start(file, 'import'))
  }

  async resume(): Promise<void> {
    await this.after(() => this.upload.resume())
  }

  private async after(run: () => Promise<string>): Promise<void> {
    try {
      await run()
      await this.look()
    } catch {
      // The upload says itself what was wrong, and can go on.
    }
  }

  /** Reads the head of the file, with the encoding and so on that were chosen. */
  async look(): Promise<void> {
    const { at } = this
    Object.assign(at, { busy: true, fault: '' })
    const given = Object.fromEntries((['encoding', 'delimiter', 'sheet'] as const).filter((k) => at[k]).map((k) => [k, at[k]]))
    try {
      const p = await resources.preview(this.resource.name, { upload_id: this.upload.at.id, skip_rows: at.skip, ...given })
      at.preview = p
      at.fields = suggested(p)
      at.dictionary = at.fields.map((name) => translates(this.field(name)))
      at.encoding = p.encoding ?? ''
      at.delimiter = p.delimiter ?? ''
      at.step = 'columns'
    } catch (e) {
      at.fault = problemText(e)
    }
    at.busy = false
  }

  field(name: string | null): Field | undefined {
    return name ? this.resource.byName.get(name) : undefined
  }

  map(column: number, name: string | null): void {
    this.at.fields[column] = name
    this.at.dictionary[column] = translates(this.field(name))
  }

  readonly mapped = computed(() => this.at.fields.filter((x): x is string => !!x))
  readonly twice = computed(() => this.mapped.value.find((x, i, all) => all.indexOf(x) !== i))
  readonly missing = computed(() => importable(this.resource).filter((f) => f.required && f.onCreate && !this.mapped.value.includes(f.name)))

  async start(): Promise<boolean> {
    const { at } = this
    Object.assign(at, { busy: true, fault: '' })
    const mapping: MappedColumn[] = at.fields.flatMap((field, column) => (field ? [{ column, field, ...(at.dictionary[column] && { dictionary: true }) }] : []))
    const p = at.preview
    try {
      const job = await resources.import(this.resource.name, {
        upload_id: this.upload.at.id, skip_rows: at.skip, mapping, mode: at.mode, on_duplicate: at.duplicate, lang: prefs.lang, ...(at.match.length && { match: at.match }), ...(p?.format && { format: p.format }),
        ...(p?.format === 'csv' && at.encoding && { encoding: at.encoding }), ...(p?.format === 'csv' && at.delimiter && { delimiter: at.delimiter }), ...(at.sheet && { sheet: at.sheet }), ...(at.later && at.runAt && { run_at: at.runAt })
      })
      this.watch.start(job)
      at.step = 'result'
      return true
    } catch (e) {
      at.fault = problemText(e)
      return false
    } finally {
      at.busy = false
    }
  }

  get job(): Job | null {
    return this.watch.at.job
  }

  async again(): Promise<void> {
    this.watch.stop()
    if (this.at.step !== 'result') await this.upload.cancel()
    Object.assign(this.at, { step: 'file', preview: null, fault: '' })
    Object.assign(this.upload.at, { state: 'idle', name: '', sent: 0, id: '' })
  }

  stop(): void {
    this.watch.stop()
    // An upload under way is broken off; one that became a job goes on without the page.
    if (this.at.step !== 'result' && this.upload.at.id) void this.upload.cancel()
  }
}
