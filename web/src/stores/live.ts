// What is going on right now: entities by id, as the event stream tells them. Written here only.
import { computed, reactive, shallowReactive } from 'vue'
import { EventStream, type BoardMessage, type StreamState } from '../api/stream'
import type { Agent, Call, Queue, Visit } from '../api/types'
import { clock, forgetServerTime, learnServerTime, serverNow } from './clock'

export const live = {
  queues: shallowReactive(new Map<string, Queue>()),
  agents: shallowReactive(new Map<string, Agent>()),
  calls: shallowReactive(new Map<string, Call>()),
  visits: shallowReactive(new Map<string, Visit>())
}

export const link = reactive({
  state: 'idle' as StreamState,
  /** True once there was a snapshot: before, the page is loading, not stale. */
  loaded: false,
  /** When the data was last known to be true (server's time, ms). */
  asOf: 0
})

export const isLive = computed(() => link.state === 'live')
export const isStale = computed(() => link.loaded && !isLive.value)

/** The time that ages are counted to: it stands still while the data is stale, for we don't know what happened since. */
export const boardNow = computed(() => (isStale.value ? link.asOf : clock.value))

function fill<T extends { id: string }>(map: Map<string, T>, rows: T[]): void {
  const ids = new Set(rows.map((row) => row.id))
  for (const id of [...map.keys()]) if (!ids.has(id)) map.delete(id)
  for (const row of rows) map.set(row.id, row)
}

export function applyMessage(message: BoardMessage): void {
  switch (message.type) {
    case 'snapshot':
      fill(live.queues, message.queues)
      fill(live.agents, message.agents)
      fill(live.calls, message.calls)
      fill(live.visits, message.visits)
      link.loaded = true
      return
    case 'queue.changed':
      live.queues.set(message.data.id, message.data)
      return
    case 'agent.changed':
      live.agents.set(message.data.id, message.data)
      return
    case 'visit.changed':
      live.visits.set(message.data.id, message.data)
      return
    case 'visit.ended':
      live.visits.delete(message.data.id)
      return
    case 'call.changed':
      live.calls.set(message.data.id, message.data)
      return
    case 'call.ended':
      live.calls.delete(message.data.id)
  }
}

export function forgetBoard(): void {
  for (const map of Object.values(live)) map.clear()
  link.loaded = false
}

function setState(next: StreamState): void {
  const was = link.state
  if (was === 'live' && next !== 'live') link.asOf = serverNow()
  if (next === 'connecting') forgetServerTime()
  link.state = next
}

let stream: EventStream | null = null
const jobHandlers = new Set<(job: Record<string, unknown>) => void>()

/** `h` hears of every background job that changes; returns the function that ends it. */
export function watchJobs(h: (job: Record<string, unknown>) => void): () => void {
  jobHandlers.add(h)
  return () => void jobHandlers.delete(h)
}

/** Follows the events of one's own tenant, or of the one that a carrier account has entered. */
export function follow(tenant: string, onEnd: () => void): void {
  unfollow()
  stream = new EventStream({
    url: (cursor) => eventsUrl(tenant, cursor),
    onBatch: (batch) => batch.forEach(applyMessage),
    onState: setState,
    onServerTime: learnServerTime,
    onJob: (job) => jobHandlers.forEach((h) => h(job)),
    onEnd
  })
  stream.start()
}

export function unfollow(): void {
  stream?.stop()
  stream = null
  forgetBoard()
}

export function eventsUrl(tenant: string, cursor: string | null): string {
  const url = new URL('/api/v1/events', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  if (tenant) url.searchParams.set('tenant', tenant)
  if (cursor) url.searchParams.set('after', cursor)
  return url.href
}

/** Called once by main: the browser's own news of its network. */
export function watchNetwork(): void {
  addEventListener('offline', () => stream?.lost())
  addEventListener('online', () => stream?.retryNow())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) stream?.retryNow()
  })
}
