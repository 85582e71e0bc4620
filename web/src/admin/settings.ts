// The tenant's own settings: one row, that every tenant has.
import type { Row } from '../api/types'
import { rows } from './client'
import { defaultRules } from './password'
import type { PasswordRules } from './types'

export async function settingsRow(): Promise<Row | null> {
  return (await rows.list('settings', { limit: 1 })).items[0] ?? null
}

export async function rulesOfSettings(): Promise<PasswordRules> {
  const row = await settingsRow().catch(() => null)
  if (!row) return defaultRules
  return { min_length: Number(row.password_min_length ?? 8), classes: Number(row.password_classes ?? 1), no_runs: Boolean(row.password_no_runs), history: Number(row.password_history ?? 0) }
}
