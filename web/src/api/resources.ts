// What every resource can be asked (docs/api.md, "Resources"), and the jobs, uploads and preferences that go with it.
import { exchange, request, sendBytes, type Answer } from './http'
import type { Page, Row } from './types'

export interface Preview {
  columns: string[]
  rows: string[][]
  encoding: string
  format: string
  delimiter: string | null
  sheets: string[] | null
  mapping: (MappedColumn | string | null)[]
  total_estimate: number | null
}

export interface MappedColumn {
  column: number
  field: string
  dictionary?: boolean
}

export interface ImportRequest {
  upload_id: string
  skip_rows: number
  mapping: MappedColumn[]
  mode: 'create' | 'update' | 'upsert'
  match?: string[]
  on_duplicate: 'skip' | 'update' | 'reject'
  lang?: string
  run_at?: string
  encoding?: string
  delimiter?: string
  format?: string
  sheet?: string
}

export interface Job {
  id: string
  kind: string
  resource: string | null
  state: 'waiting' | 'running' | 'cancelling' | 'cancelled' | 'finished' | 'failed'
  total: number | null
  done: number
  created_rows: number
  updated_rows: number
  skipped: number
  failed: number
  error: string | null
  file_name: string | null
  file_bytes: number | null
  rejects?: boolean
  run_at: string | null
  started_at: string | null
  finished_at: string | null
  created_at: string
  account_id: string | null
  params?: Record<string, unknown>
}

export interface Upload {
  id: string
  part_bytes: number
  parts: number
  received: number[]
  state?: string
}

export interface Change {
  id: string
  at: string
  event: string
  account: { id: string; label: string | null } | null
  actor: { id: string; label: string | null } | null
  via: string | null
  source: string | null
  changes: Record<string, [unknown, unknown]> | null
}

export interface BulkRequest {
  action: 'update' | 'delete' | 'restore' | 'purge'
  ids?: string[]
  query?: string
  set?: Record<string, unknown>
  dry_run?: boolean
}

export interface BulkAnswer {
  matched: number
  changed: number
  failed: { id: string; problem: { title?: string; detail?: string } }[]
}

const id = encodeURIComponent
const path = (resource: string, params: URLSearchParams): string => {
  const text = params.toString()
  return `/${resource}${text ? `?${text}` : ''}`
}

export const resources = {
  list: (r: string, params: URLSearchParams, signal?: AbortSignal) => request<Page<Row>>('GET', path(r, params), undefined, signal),
  row: (r: string, rowId: string, params = new URLSearchParams()) => exchange<Row>('GET', path(`${r}/${id(rowId)}`, params)),
  create: (r: string, body: Row) => exchange<Row>('POST', `/${r}`, body),
  change: (r: string, rowId: string, body: Row, match?: string | null) => exchange<Row>('PATCH', `/${r}/${id(rowId)}`, body, { match }),
  remove: (r: string, rowId: string, purge = false) => request<void>('DELETE', `/${r}/${id(rowId)}${purge ? '?purge=true' : ''}`),
  restore: (r: string, rowId: string) => request<Row>('POST', `/${r}/${id(rowId)}/restore`, {}),
  duplicate: (r: string, rowId: string, overrides: Row) => exchange<Row>('POST', `/${r}/${id(rowId)}/duplicate`, overrides),
  history: (r: string, rowId: string, cursor: string | null) =>
    request<Page<Change>>('GET', path(`${r}/${id(rowId)}/history`, new URLSearchParams({ limit: '50', ...(cursor && { cursor }) }))),
  bulk: (r: string, body: BulkRequest): Promise<Answer<BulkAnswer | Job>> => exchange('POST', `/${r}/bulk`, body),
  preview: (r: string, body: Row, signal?: AbortSignal) => request<Preview>('POST', `/${r}/import/preview`, body, signal),
  import: (r: string, body: ImportRequest) => request<Job>('POST', `/${r}/import`, body),
  export: (r: string, body: Row) => request<Job>('POST', `/${r}/export`, body)
}

export const jobs = {
  list: (params: URLSearchParams) => request<Page<Job>>('GET', path('jobs', params)),
  one: (jobId: string) => request<Job>('GET', `/jobs/${id(jobId)}`),
  cancel: (jobId: string) => request<Job>('POST', `/jobs/${id(jobId)}/cancel`, {}),
  remove: (jobId: string) => request<void>('DELETE', `/jobs/${id(jobId)}`)
}

export const uploads = {
  open: (body: { name: string; bytes: number; media_type: string; purpose: string }) => request<Upload>('POST', '/uploads', body),
  one: (uploadId: string) => request<Upload>('GET', `/uploads/${id(uploadId)}`),
  part: (uploadId: string, n: number, bytes: Blob, onProgress: (sent: number) => void, signal: AbortSignal) =>
    sendBytes(`/uploads/${id(uploadId)}/parts/${n}`, bytes, onProgress, signal),
  complete: (uploadId: string) => request<Upload>('POST', `/uploads/${id(uploadId)}/complete`, {}),
  remove: (uploadId: string) => request<void>('DELETE', `/uploads/${id(uploadId)}`)
}

export const preferences = {
  all: () => request<Record<string, unknown>>('GET', '/me/preferences'),
  put: (key: string, value: unknown) => request<unknown>('PUT', `/me/preferences/${id(key)}`, value),
  remove: (key: string) => request<void>('DELETE', `/me/preferences/${id(key)}`)
}
