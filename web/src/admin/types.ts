// What the API says to the hand-made pages (docs/api.md). Ordinary rows are Row; only what has a shape of its own is here.
import type { Lang } from '../api/types'

export interface Named {
  name: string
  zh: string
  en: string
}

export const kinds = ['read', 'create', 'update', 'delete', 'export', 'import'] as const
export type Kind = (typeof kinds)[number]

export interface PermissionPage extends Named {
  kinds: Kind[]
  special?: Named[]
  /** Permissions of this page that the carrier forbids to every role. */
  barred?: string[]
}

export interface PermissionModule extends Named {
  resources: PermissionPage[]
}

export interface PermissionTree {
  modules: PermissionModule[]
  show: Named[]
  /** Those that belong to no resource. */
  general?: Named[]
}

export interface PasswordRules {
  min_length: number
  classes: number
  no_runs: boolean
  history?: number
}

export interface Me {
  id: string
  username: string
  number?: string | null
  name: string
  email: string | null
  phone: string | null
  language: Lang | null
  totp_enabled: boolean
  must_change_password: boolean
  password_changed_at: string | null
  last_login_at: string | null
  rules?: PasswordRules
}

export interface SessionRow {
  id: string
  created_at: string
  seen_at: string
  source: string | null
  user_agent: string | null
  current: boolean
  acting?: { id: string; label: string } | null
}

export const quotas = ['accounts', 'agents', 'extensions', 'queues', 'rooms', 'campaigns', 'storage_mb'] as const
export type Quota = (typeof quotas)[number]
export type Amounts = Partial<Record<Quota, number | null>>

export interface Usage {
  used: Amounts
  max: Amounts
}

export interface TenantUsage extends Usage {
  tenant: { id: string; name: string; title: string; address?: string | null; phone?: string | null; email?: string | null }
}

export interface Made {
  username: string | null
  account_password: string | null
  extension: string | null
  extension_password: string | null
  agent: string | null
  agent_password: string | null
  email: string | null
}

export interface AuditRow {
  id: string
  at: string
  account_id: string | null
  actor_id: string | null
  event: string
  resource: string | null
  row_id: string | null
  label: string | null
  changes: Record<string, [unknown, unknown]> | null
  source: string | null
  via: string | null
  request: string | null
}

export interface Job {
  id: string
  kind: string
  state: 'waiting' | 'running' | 'cancelling' | 'cancelled' | 'finished' | 'failed'
  total: number | null
  done: number
  failed: number
  error: string | null
}

export interface Upload {
  id: string
  part_bytes: number
  received: number[]
}
