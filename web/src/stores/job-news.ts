// Background jobs of one's own that end while one looks elsewhere: told wherever one is. Who shows a job (the export centre, a wizard)
// says so with `lookAt`, and nothing is told twice.
import { reactive } from 'vue'
import type { Job } from '../api/resources'
import { watchJobs } from './live'
import { session, whenForgotten } from './session'

const most = 3
const keptMs = 12_000

/** The news on the screen, the latest last. */
export const news = reactive([] as Job[])

const looked = new Map<string, number>()
const told = new Set<string>()

/** 'all', or a job's id: it is on the screen until the function that this returns is called. */
export function lookAt(id: string): () => void {
  looked.set(id, (looked.get(id) ?? 0) + 1)
  let over = false
  return () => {
    if (over) return
    over = true
    const n = (looked.get(id) ?? 1) - 1
    if (n > 0) looked.set(id, n)
    else looked.delete(id)
  }
}

export function dismiss(id: string): void {
  const at = news.findIndex((job) => job.id === id)
  if (at >= 0) news.splice(at, 1)
}

function hear(job: Job): void {
  if (!['finished', 'failed'].includes(job.state) || job.account_id !== session.current?.account.id || told.has(job.id)) return
  told.add(job.id)
  if (looked.has('all') || looked.has(job.id)) return
  news.push(job)
  if (news.length > most) news.shift()
  setTimeout(() => dismiss(job.id), keptMs)
}

/** Called once by the frame of all pages. */
export function watchJobNews(): void {
  watchJobs((job) => hear(job as unknown as Job))
  whenForgotten(() => {
    news.splice(0)
    told.clear()
  })
}
