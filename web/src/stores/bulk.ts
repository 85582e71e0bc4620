// What happens to many rows at once: those that are ticked, or all that match. First counted (dry run), then done.
import { reactive } from 'vue'
import { Problem } from '../api/http'
import { resources, type BulkAnswer, type BulkRequest, type Job } from '../api/resources'
import { problemText } from '../i18n'

export interface Bulk {
  open: boolean
  action: BulkRequest['action']
  matched: number | null
  busy: boolean
  fault: string
  failed: { id: string; text: string }[]
}

const isJob = (x: BulkAnswer | Job): x is Job => 'state' in x

export class BulkAction {
  readonly at: Bulk = reactive({ open: false, action: 'delete', matched: null, busy: false, fault: '', failed: [] })
  private request: BulkRequest | null = null

  constructor(private readonly resource: string) {}

  async ask(request: BulkRequest): Promise<void> {
    this.request = request
    Object.assign(this.at, { open: true, action: request.action, matched: request.ids?.length ?? null, busy: false, fault: '', failed: [] })
    if (request.ids) return
    try {
      const { body } = await resources.bulk(this.resource, { ...request, dry_run: true })
      if (!isJob(body)) this.at.matched = body.matched
    } catch (e) {
      this.at.fault = problemText(e)
    }
  }

  /** 'done' or 'job' (it goes on in the background); null when some or all could not be done. */
  async run(set?: Record<string, unknown>): Promise<{ how: 'done' | 'job'; changed: number } | null> {
    if (!this.request) return null
    Object.assign(this.at, { busy: true, fault: '', failed: [] })
    try {
      const { body, status } = await resources.bulk(this.resource, { ...this.request, ...(set && { set }) })
      if (status === 202 || isJob(body)) return this.close({ how: 'job', changed: 0 })
      this.at.failed = body.failed.map((f) => ({ id: f.id, text: textOf(f.problem) }))
      return this.at.failed.length ? null : this.close({ how: 'done', changed: body.changed })
    } catch (e) {
      this.at.fault = problemText(e)
      return null
    } finally {
      this.at.busy = false
    }
  }

  private close<T>(answer: T): T {
    this.at.open = false
    return answer
  }
}

function textOf(p: unknown): string {
  const o = (p ?? {}) as { type?: string; title?: string; detail?: string; status?: number; errors?: Problem['errors'] }
  return problemText(new Problem(o.status ?? 422, o.type?.split(':').pop() ?? '', o.title ?? '', o.detail ?? '', '', o.errors ?? [], null))
}
