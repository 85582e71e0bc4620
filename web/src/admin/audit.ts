// The audit log's filters, and how a change reads.
import type { AuditRow } from './types'

export const auditEvents = [
  'create', 'update', 'delete', 'restore', 'import', 'export', 'download', 'login', 'login.failed', 'logout', 'timeout', 'enter', 'impersonate', 'password', 'totp', 'session.revoke', 'denied'
] as const

export interface AuditFilter {
  account: string | null
  event: string
  resource: string
  source: string
  word: string
  from: string
  until: string
}

export const freshFilter = (): AuditFilter => ({ account: null, event: '', resource: '', source: '', word: '', from: '', until: '' })

/** Local date-times of the form as the API's parameters. */
export function auditParams(f: AuditFilter): Record<string, string> {
  const params: Record<string, string> = {}
  if (f.account) params['filter[account_id]'] = f.account
  if (f.event) params['filter[event]'] = f.event
  if (f.resource) params['filter[resource]'] = f.resource
  if (f.source) params['filter[source]'] = f.source.trim()
  if (f.word) params['filter[label][contains]'] = f.word.trim()
  if (f.from) params['filter[at][ge]'] = new Date(f.from).toISOString()
  if (f.until) params['filter[at][lt]'] = new Date(f.until).toISOString()
  return params
}

export interface Change {
  field: string
  before: string
  after: string
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What was [null, null] is a secret: that it changed is known, not how. */
export function changesOf(row: AuditRow, secret: string): Change[] {
  return Object.entries(row.changes ?? {}).map(([field, pair]) => {
    const [before, after] = Array.isArray(pair) ? pair : [undefined, pair]
    const hidden = before === null && after === null
    return { field, before: hidden ? secret : plain(before), after: hidden ? secret : plain(after) }
  })
}
