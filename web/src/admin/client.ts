// The calls of the API that only the hand-made pages make; ordinary rows go through `rows`.
import { request } from '../api/http'
import type { Page, ResourceMeta, Row, Session } from '../api/types'
import type { Job, Made, Me, PermissionTree, SessionRow, TenantUsage, Usage } from './types'

type Params = Record<string, string | number | boolean | undefined>

export function query(params: Params): string {
  const text = new URLSearchParams()
  for (const [key, value] of Object.entries(params)) if (value !== undefined && value !== '') text.set(key, String(value))
  const all = text.toString()
  return all ? `?${all}` : ''
}

const id = (value: unknown): string => encodeURIComponent(String(value))

export const rows = {
  list: (resource: string, params: Params = {}, signal?: AbortSignal) => request<Page<Row>>('GET', `/${resource}${query(params)}`, undefined, signal),
  one: (resource: string, row: unknown) => request<Row>('GET', `/${resource}/${id(row)}`),
  create: (resource: string, body: Row) => request<Row>('POST', `/${resource}`, body),
  update: (resource: string, row: unknown, body: Row) => request<Row>('PATCH', `/${resource}/${id(row)}`, body),
  remove: (resource: string, row: unknown) => request<void>('DELETE', `/${resource}/${id(row)}`),

  /** Every row, page by page, up to `most`: for trees and pickers that need them all. */
  async all(resource: string, params: Params = {}, most = 5000): Promise<Row[]> {
    const found: Row[] = []
    let cursor: string | undefined
    do {
      const page: Page<Row> = await rows.list(resource, { limit: 200, ...params, cursor })
      found.push(...page.items)
      cursor = page.next ?? undefined
    } while (cursor && found.length < most)
    return found
  }
}

export const admin = {
  resources: () => request<{ resources: ResourceMeta[] }>('GET', '/meta/resources'),
  permissions: (side: 'own' | 'tenant' = 'own') => request<Partial<PermissionTree>>('GET', `/meta/permissions${side === 'tenant' ? '?side=tenant' : ''}`),

  me: () => request<Me>('GET', '/me'),
  saveMe: (body: Row) => request<Me>('PATCH', '/me', body),
  password: (old: string, next: string) => request<void>('POST', '/me/password', { old, new: next }),
  totp: (password: string) => request<{ secret: string; uri: string }>('POST', '/me/totp', { password }),
  confirmTotp: (code: string) => request<unknown>('POST', '/me/totp/confirm', { code }),
  dropTotp: (password: string) => request<void>('DELETE', '/me/totp', { password }),
  mySessions: () => request<{ items: SessionRow[] }>('GET', '/me/sessions'),
  endMySession: (session: string) => request<void>('DELETE', `/me/sessions/${id(session)}`),

  sessionsOf: (account: unknown) => request<{ items: SessionRow[] }>('GET', `/sessions${query({ account_id: String(account) })}`),
  endSession: (session: string) => request<void>('DELETE', `/sessions/${id(session)}`),
  dropTotpOf: (account: unknown) => request<void>('DELETE', `/accounts/${id(account)}/totp`),
  loginAs: (account: unknown) => request<Session>('POST', '/login-as', { account_id: account }),

  usage: () => request<{ total?: Usage; items: TenantUsage[] }>('GET', '/usage'),
  quickSetup: (body: Row) => request<{ items: Made[]; taken?: Record<'usernames' | 'extensions' | 'agents', string[]> }>('POST', '/quick-setup', body),
  quickEdit: (body: Row) => request<{ matched: number; changed?: number; before?: Row; after?: Row }>('POST', '/quick-edit', body),
  exportTenant: (tenant: unknown) => request<Job>('POST', '/tenant-export', { tenant_id: tenant }),
  importTenant: (body: Row) => request<Job>('POST', '/tenant-import', body),
  exportRows: (resource: string, body: Row) => request<Job>('POST', `/${resource}/export`, body),
  job: (job: unknown) => request<Job>('GET', `/jobs/${id(job)}`),
  history: (resource: string, row: unknown) => request<Page<Row>>('GET', `/${resource}/${id(row)}/history`)
}

export const jobFile = (job: unknown): string => `/api/v1/jobs/${id(job)}/file`
export const columnFile = (resource: string, row: unknown, column: string): string => `/api/v1/${resource}/${id(row)}/${column}`
