// What the board shows, derived from the live entities: sorted by trouble, measured against thresholds, narrowed to a queue.
import { computed, reactive } from 'vue'
import type { Agent, AgentState, Call, CallPlace, Queue, Visit } from '../api/types'
import { boardNow, live } from './live'

export type Level = 'calm' | 'warn' | 'bad'

/** Seconds after which a state deserves a look (warn) or help (bad). A state that is not listed never does. */
export const thresholds = {
  waiting: [20, 60],
  agent: {
    ringing: [10, 20],
    reserved: [5, 10],
    talking: [600, 1200],
    after_call: [60, 180],
    busy: [900, 1800],
    offline: [10, 60]
  } as Partial<Record<AgentState, [number, number]>>,
  call: { queue: [20, 60], ring: [20, 45], hold: [60, 180] } as Partial<Record<CallPlace, [number, number]>>
} as const

/** What a supervisor looks at first comes first. */
const agentRank: Record<AgentState, number> = {
  offline: 0, reserved: 1, ringing: 1, busy: 2, after_call: 3, talking: 4, outbound_only: 5, idle: 6, signed_out: 7
}
/** Waiting callers have a panel of their own, so here they come last. */
const callRank: Record<CallPlace, number> = { hold: 0, ring: 1, talk: 2, ivr: 3, queue: 4, ended: 5 }

export const filter = reactive({ queue: '', agent: '', showSignedOut: false })

export function ageSeconds(since: string | null | undefined, now: number): number {
  if (!since) return 0
  return Math.max(0, Math.floor((now - Date.parse(since)) / 1000))
}

export function levelOf(seconds: number, limits: readonly [number, number] | undefined): Level {
  if (!limits || seconds < limits[0]) return 'calm'
  return seconds < limits[1] ? 'warn' : 'bad'
}

const byText = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })
// Times of one server have one format and zone, but perhaps not one precision: compare them as times.
const byTime = (a: string | null | undefined, b: string | null | undefined): number => {
  if (!a || !b) return a ? -1 : b ? 1 : 0
  return Date.parse(a) - Date.parse(b)
}

export function sortQueues(queues: Iterable<Queue>): Queue[] {
  return [...queues].sort((a, b) => byTime(a.longest_since, b.longest_since) || b.waiting - a.waiting || byText(a.number, b.number))
}

export function sortVisits(visits: Iterable<Visit>): Visit[] {
  return [...visits].sort((a, b) => byTime(a.entered_at, b.entered_at) || byText(a.id, b.id))
}

export function sortAgents(agents: Iterable<Agent>): Agent[] {
  return [...agents].sort((a, b) => (agentRank[a.state] ?? 9) - (agentRank[b.state] ?? 9) || byTime(a.since, b.since) || byText(a.number, b.number))
}

export function sortCalls(calls: Iterable<Call>): Call[] {
  return [...calls].sort((a, b) => (callRank[a.where] ?? 9) - (callRank[b.where] ?? 9) || byTime(a.started_at, b.started_at) || byText(a.id, b.id))
}

const inQueue = (id: string | null | undefined): boolean => !filter.queue || id === filter.queue

export const queues = computed(() => sortQueues(live.queues.values()))
export const waiting = computed(() => sortVisits([...live.visits.values()].filter((v) => inQueue(v.queue))))
export const calls = computed(() => sortCalls([...live.calls.values()].filter((c) => c.where !== 'ended' && inQueue(c.queue))))

/** An agent as every live screen names it: with the phone it sits at, once it sits somewhere. */
export const agentLabel = (a: Agent): string => (a.extension ? `${a.name} (${a.extension})` : a.name)

function agentMatches(a: Agent): boolean {
  if (filter.queue && !a.queues.includes(filter.queue)) return false
  if (!filter.showSignedOut && a.state === 'signed_out') return false
  const word = filter.agent.trim().toLowerCase()
  return !word || a.name.toLowerCase().includes(word) || a.number.includes(word) || (a.extension ?? '').includes(word)
}

export const agents = computed(() => sortAgents([...live.agents.values()].filter(agentMatches)))

export interface Totals {
  waiting: number
  longestSince: string | null
  byState: Record<AgentState, number>
  /** Agents who are signed in. */
  present: number
  calls: number
  offered: number
  answered: number
  abandoned: number
  /** 0…1, weighted by offered calls; null before the first. */
  serviceLevel: number | null
}

function earliest(times: (string | null | undefined)[]): string | null {
  return times.reduce<string | null>((best, t) => (t && (!best || byTime(t, best) < 0) ? t : best), null)
}

function countStates(list: Iterable<Agent>): Record<AgentState, number> {
  const count = Object.fromEntries(Object.keys(agentRank).map((s) => [s, 0])) as Record<AgentState, number>
  for (const a of list) if (inQueueOf(a)) count[a.state] = (count[a.state] ?? 0) + 1
  return count
}

const inQueueOf = (a: Agent): boolean => !filter.queue || a.queues.includes(filter.queue)

function serviceLevel(list: Queue[]): number | null {
  const counted = list.filter((q) => q.offered_today > 0 && q.service_level_today !== null && q.service_level_today !== undefined)
  const offered = counted.reduce((sum, q) => sum + q.offered_today, 0)
  if (!offered) return null
  return counted.reduce((sum, q) => sum + (q.service_level_today ?? 0) * q.offered_today, 0) / offered
}

export const totals = computed<Totals>(() => {
  const list = queues.value.filter((q) => inQueue(q.id))
  const byState = countStates(live.agents.values())
  const sum = (of: (q: Queue) => number): number => list.reduce((n, q) => n + of(q), 0)
  return {
    waiting: sum((q) => q.waiting),
    longestSince: earliest(list.map((q) => q.longest_since)),
    byState,
    present: Object.entries(byState).reduce((n, [state, count]) => n + (state === 'signed_out' ? 0 : count), 0),
    calls: calls.value.length,
    offered: sum((q) => q.offered_today),
    answered: sum((q) => q.answered_today),
    abandoned: sum((q) => q.abandoned_today),
    serviceLevel: serviceLevel(list)
  }
})

export const longestLevel = computed<Level>(() => levelOf(ageSeconds(totals.value.longestSince, boardNow.value), thresholds.waiting))
