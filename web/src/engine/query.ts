// The state of a list as the URL holds it, and as the api is asked.
//   /#/data/queues?q=sales&f.number.starts=40&f.created_at.range=today&match=any&sort=-created_at,name&page=3&size=100&bin=1
import { rangeOf } from './ranges'

export interface Condition {
  field: string
  op: string
  value: string
}

export interface Sort {
  field: string
  desc: boolean
}

export interface ListState {
  q: string
  conditions: Condition[]
  match: 'all' | 'any'
  sort: Sort[]
  page: number
  /** 0: goes on as one scrolls. */
  size: number
  bin: boolean
}

export const sizes = [10, 25, 50, 100, 200, 0] as const
export const sortsMax = 3
export const conditionsMax = 20
type Query = Record<string, unknown>

const first = (x: unknown): string => (Array.isArray(x) ? String(x[0] ?? '') : typeof x === 'string' ? x : '')

export const sortText = (sort: Sort[]): string => sort.map((s) => (s.desc ? `-${s.field}` : s.field)).join(',')

export function parseSort(text: string): Sort[] {
  return text
    .split(',')
    .filter(Boolean)
    .slice(0, sortsMax)
    .map((x) => (x.startsWith('-') ? { field: x.slice(1), desc: true } : { field: x, desc: false }))
}

function conditionOf(key: string, value: string): Condition | null {
  const parts = /^f\.(.+)\.([a-z]+)$/.exec(key)
  return parts?.[1] && parts[2] ? { field: parts[1], op: parts[2], value } : null
}

export function stateOf(query: Query, sizeDefault = 50): ListState {
  const conditions: Condition[] = []
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      const c = conditionOf(key, first(one))
      if (c && conditions.length < conditionsMax) conditions.push(c)
    }
  }
  const size = query.size === undefined ? sizeDefault : Number(first(query.size))
  const page = Math.trunc(Number(first(query.page)))
  return {
    q: first(query.q), conditions, match: first(query.match) === 'any' ? 'any' : 'all', sort: parseSort(first(query.sort)),
    page: page > 0 ? page : 1, size: (sizes as readonly number[]).includes(size) ? size : sizeDefault, bin: first(query.bin) === '1'
  }
}

export function queryOf(s: ListState, sizeDefault = 50): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  if (s.q) query.q = s.q
  for (const c of s.conditions) {
    const key = `f.${c.field}.${c.op}`
    const was = query[key]
    query[key] = was === undefined ? c.value : [...(Array.isArray(was) ? was : [was]), c.value]
  }
  if (s.match === 'any') query.match = 'any'
  if (s.sort.length) query.sort = sortText(s.sort)
  if (s.page > 1) query.page = String(s.page)
  if (s.size !== sizeDefault) query.size = String(s.size)
  if (s.bin) query.bin = '1'
  return query
}

/** Two ends of a range, either may be open: the api's own operators. */
function ends(field: string, from: string, to: string): [string, string][] {
  if (from && to) return [[`filter[${field}][between]`, `${from},${to}`]]
  return [...(from ? [[`filter[${field}][ge]`, from] as [string, string]] : []), ...(to ? [[`filter[${field}][le]`, to] as [string, string]] : [])]
}

function conditionParams(c: Condition, zone: string, now: number): [string, string][] {
  if (c.value === '' && c.op !== 'null') return []
  if (c.op === 'range' || c.op === 'dayrange') {
    const [from, to] = rangeOf(c.value, zone, now, c.op === 'dayrange')
    return ends(c.field, from, to)
  }
  return [[`filter[${c.field}][${c.op}]`, c.value || 'true']]
}

/** What selects rows: also what a bulk action or an export over all matching rows sends as its `query`. */
export function selection(s: ListState, zone: string, now = Date.now()): URLSearchParams {
  const params = new URLSearchParams()
  if (s.q.trim()) params.set('q', s.q.trim())
  const conditions = s.conditions.flatMap((c) => conditionParams(c, zone, now))
  for (const [key, value] of conditions) params.append(key, value)
  if (s.match === 'any' && conditions.length > 1) params.set('match', 'any')
  if (s.bin) params.set('deleted', 'true')
  return params
}

/** The sort after a click on a head: none → up → down → none; with shift it joins those that are there. */
export function nextSort(sort: Sort[], field: string, join: boolean): Sort[] {
  const now = sort.find((s) => s.field === field)
  const next: Sort | null = !now ? { field, desc: false } : now.desc ? null : { field, desc: true }
  if (!join) return next ? [next] : []
  const others = sort.filter((s) => s.field !== field)
  if (now && next) return sort.map((s) => (s.field === field ? next : s))
  return next ? [...others, next].slice(-sortsMax) : others
}
