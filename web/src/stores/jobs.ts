// Background jobs: a list of them, and one that is followed. News comes as events; where the event stream is away (or an account has
// none) they are asked for every two seconds as long as something runs.
import { reactive } from 'vue'
import { jobs as server, type Job } from '../api/resources'
import { problemText } from '../i18n'
import { lookAt } from './job-news'
import { prefs } from './prefs'
import { isLive, watchJobs } from './live'

const everyMs = 2000
const livingEveryMs = 10_000

export const isOver = (job: Job): boolean => ['finished', 'failed', 'cancelled'].includes(job.state)

/** Why it failed, as a person reads it: the worker says it in both languages. */
export function jobFault(job: Job): string {
  if (!job.error) return ''
  try {
    const o = JSON.parse(job.error) as { zh?: string; en?: string; rule?: string }
    return o[prefs.lang] || o.en || o.rule || job.error
  } catch {
    return job.error
  }
}

export const jobShare = (job: Job): number => (job.state === 'finished' ? 100 : job.total ? Math.min(100, Math.floor((100 * job.done) / job.total)) : 0)

export class JobList {
  readonly at = reactive({ items: [] as Job[], next: null as string | null, busy: false, first: true, fault: '', kind: '', state: '' })
  private readonly unwatch: () => void
  private readonly lookAway = lookAt('all')
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.unwatch = watchJobs((job) => this.hear(job as unknown as Job))
  }

  async load(more = false): Promise<void> {
    const { at } = this
    at.busy = true
    at.fault = ''
    const params = new URLSearchParams({ limit: '50', sort: '-id' })
    if (at.kind) params.set('filter[kind]', at.kind)
    if (at.state) params.set('filter[state]', at.state)
    if (more && at.next) params.set('cursor', at.next)
    try {
      const page = await server.list(params)
      at.items = more ? [...at.items, ...page.items] : page.items
      at.next = page.next
    } catch (e) {
      at.fault = problemText(e)
    }
    Object.assign(at, { busy: false, first: false })
    this.again()
  }

  private hear(job: Job): void {
    const { at } = this
    const known = at.items.some((x) => x.id === job.id)
    if (known) at.items = at.items.map((x) => (x.id === job.id ? { ...x, ...job } : x))
    else if ((!at.kind || at.kind === job.kind) && (!at.state || at.state === job.state)) at.items = [job, ...at.items]
  }

  private again(): void {
    clearTimeout(this.timer)
    if (this.at.items.every(isOver)) return
    this.timer = setTimeout(() => void this.load(), isLive.value ? livingEveryMs : everyMs)
  }

  async cancel(id: string): Promise<void> {
    await this.act(() => server.cancel(id))
  }

  async remove(id: string): Promise<void> {
    await this.act(() => server.remove(id))
  }

  private async act(run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
      await this.load()
    } catch (e) {
      this.at.fault = problemText(e)
    }
  }

  stop(): void {
    this.unwatch()
    this.lookAway()
    clearTimeout(this.timer)
  }
}

/** One job, from its start to its end. */
export class JobWatch {
  readonly at = reactive({ job: null as Job | null, fault: '' })
  private unwatch: () => void = () => undefined
  private lookAway: () => void = () => undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  start(job: Job): void {
    this.stop()
    this.at.job = job
    this.lookAway = lookAt(job.id)
    this.unwatch = watchJobs((x) => x.id === job.id && this.take(x as unknown as Job))
    this.later()
  }

  private take(job: Job): void {
    if (this.at.job && isOver(this.at.job) && !isOver(job)) return
    this.at.job = { ...this.at.job, ...job }
    if (isOver(job)) clearTimeout(this.timer)
  }

  private later(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.ask(), isLive.value ? livingEveryMs / 5 : everyMs / 2)
  }

  private async ask(): Promise<void> {
    if (!this.at.job) return
    try {
      this.take(await server.one(this.at.job.id))
      this.at.fault = ''
    } catch (e) {
      this.at.fault = problemText(e)
    }
    if (!isOver(this.at.job)) this.later()
  }

  async cancel(): Promise<void> {
    if (!this.at.job) return
    try {
      this.take(await server.cancel(this.at.job.id))
    } catch (e) {
      this.at.fault = problemText(e)
    }
  }

  stop(): void {
    this.unwatch()
    this.lookAway()
    clearTimeout(this.timer)
  }
}
