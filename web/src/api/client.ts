// The calls of the API that the console makes. Nothing else in the console knows a path.
import { request } from './http'
import type { CallDetail, CallFact, MenuGroupMeta, Page, ResourceMeta, Row, Session } from './types'

export interface ListQuery {
  limit?: number
  cursor?: string | null
  sort?: string
  expand?: string
  filter?: Record<string, string>
}

export function listPath(resource: string, q: ListQuery): string {
  const params = new URLSearchParams()
  if (q.limit) params.set('limit', String(q.limit))
  if (q.sort) params.set('sort', q.sort)
  if (q.expand) params.set('expand', q.expand)
  if (q.cursor) params.set('cursor', q.cursor)
  for (const [field, value] of Object.entries(q.filter ?? {})) if (value !== '') params.set(`filter${field}`, value)
  const text = params.toString()
  return `/${resource}${text ? `?${text}` : ''}`
}

export const api = {
  session: () => request<Session>('GET', '/session'),
  login: (body: { tenant?: string; username: string; password: string; code?: string }) => request<Session>('POST', '/login', body),
  logout: () => request<void>('POST', '/logout', {}),
  menu: () => request<{ menu: { name: string; items: { resource: string }[] }[] }>('GET', '/meta/menu'),
  resources: () => request<{ resources: ResourceMeta[]; menu_groups: MenuGroupMeta[] }>('GET', '/meta/resources'),
  list: (resource: string, q: ListQuery, signal?: AbortSignal) => request<Page<Row>>('GET', listPath(resource, q), undefined, signal),
  row: (resource: string, id: string) => request<Row>('GET', `/${resource}/${encodeURIComponent(id)}`),
  calls: (q: ListQuery, signal?: AbortSignal) => request<Page<CallFact>>('GET', listPath('calls', q), undefined, signal),
  discardCall: (id: string, reason: string, approver?: { username: string; password: string }) => request<{ id: string }>('POST', `/calls/${encodeURIComponent(id)}/discard`, { reason, ...(approver && { approver }) }),
  call: (id: string) => request<CallDetail | { live: true }>('GET', `/calls/${encodeURIComponent(id)}`),
  /** One's own agent calls: its phone first, then the number. */
  dial: (to: string) => request<unknown>('POST', '/calls', { to }),
  tenants: () => request<Page<Row>>('GET', listPath('tenants', { limit: 200, sort: 'name' }))
}
