// Quick setup and quick edit: what is asked, step by step, and what is sent. The server makes the preview and the rows.
import { reactive } from 'vue'
import type { Row } from '../api/types'
import { admin } from './client'
import { csv } from './csv'
import type { Made } from './types'

export const setupObjects = ['agents_extensions', 'extensions', 'agents'] as const
export type SetupObject = (typeof setupObjects)[number]

export interface Setup {
  tenant: string
  accounts: 'new' | 'given'
  account: string | null
  objects: SetupObject
  count: number
  username_prefix: string
  first_extension: string
  first_agent: string
  password_length: number
  password_prefix: string
  random: boolean
  role: string | null
  department: string | null
  extension: Row
}

export const freshSetup = (): Setup => ({
  tenant: '', accounts: 'new', account: null, objects: 'agents_extensions', count: 5, username_prefix: '', first_extension: '', first_agent: '5000', password_length: 12, password_prefix: '', random: true,
  role: null, department: null, extension: {}
})

export const withExtensions = (s: Setup): boolean => s.objects !== 'agents'
export const withAgents = (s: Setup): boolean => s.objects !== 'extensions'

/** The fields that still miss something, by name. */
export function faultsOf(s: Setup): string[] {
  const faults: string[] = []
  if (!Number.isInteger(s.count) || s.count < 1 || s.count > 500) faults.push('count')
  if (s.accounts === 'given' && !s.account) faults.push('account')
  if (s.accounts === 'new' && !/^[\p{L}\p{N}._@-]{1,50}$/u.test(s.username_prefix)) faults.push('username_prefix')
  if (withExtensions(s) && !/^\d{1,16}$/.test(s.first_extension)) faults.push('first_extension')
  if (withAgents(s) && !/^\d{1,16}$/.test(s.first_agent)) faults.push('first_agent')
  if (!s.random && !s.password_prefix) faults.push('password_prefix')
  if (!Number.isInteger(s.password_length) || s.password_length < 4 || s.password_length > 64) faults.push('password_length')
  return faults
}

export function setupBody(s: Setup, preview: boolean, items?: Made[]): Row {
  const body: Row = {
    accounts: s.accounts === 'new' ? 'new' : s.account, objects: s.objects, count: s.count, password_length: s.password_length, random: s.random, preview,
    ...(s.accounts === 'new' ? { username_prefix: s.username_prefix } : {}),
    ...(withExtensions(s) ? { first_extension: s.first_extension, extension: s.extension } : {}),
    ...(withAgents(s) ? { first_agent: s.first_agent } : {}),
    ...(s.random ? {} : { password_prefix: s.password_prefix })
  }
  if (s.tenant) body.tenant_id = s.tenant
  if (s.role) body.role_id = s.role
  if (s.department) body.department_id = s.department
  // Only what there is: the server takes texts, not nulls.
  if (items) body.items = items.map((item) => Object.fromEntries(Object.entries(item).filter(([, v]) => v !== null && v !== '')))
  return body
}

/** The order of columns that the manual gives. */
export const setupColumns = ['extension', 'extension_password', 'agent', 'agent_password', 'username', 'account_password', 'email'] as const
export const setupCsv = (items: Made[], heads: string[]): string => csv([heads, ...items.map((item) => setupColumns.map((c) => item[c]))])

/** What exists already, by column. */
export type Taken = Partial<Record<'username' | 'extension' | 'agent', string[]>>

export const setup = reactive({ step: 0, form: freshSetup(), items: [] as Made[], taken: {} as Taken, busy: false, done: false })

export function restartSetup(): void {
  Object.assign(setup, { step: 0, form: freshSetup(), items: [], taken: {}, busy: false, done: false })
}

/** A preview of what the form says, or of the rows of a template that somebody filled in. */
export async function previewSetup(csv?: string): Promise<void> {
  setup.busy = true
  try {
    const { count, username_prefix, first_extension, first_agent, password_length, password_prefix, random, ...rest } = setupBody(setup.form, true)
    const answer = await admin.quickSetup(csv ? { ...rest, csv } : { ...rest, count, username_prefix, first_extension, first_agent, password_length, password_prefix, random })
    setup.items = answer.items
    setup.taken = { username: answer.taken?.usernames ?? [], extension: answer.taken?.extensions ?? [], agent: answer.taken?.agents ?? [] }
    setup.step = 2
  } finally {
    setup.busy = false
  }
}

export async function runSetup(): Promise<void> {
  setup.busy = true
  try {
    setup.items = (await admin.quickSetup(setupBody(setup.form, false, setup.items))).items
    setup.taken = {}
    setup.done = true
  } finally {
    setup.busy = false
  }
}

// Quick edit ---------------------------------------------------------------------------------------------------------

export const editResources = ['extensions', 'agents', 'accounts'] as const
export type EditResource = (typeof editResources)[number]

export interface Affix {
  prefix: string
  suffix: string
}

/** Fields that get something put before and behind what they hold, and fields that are set. */
export const editFields: Record<EditResource, { affix: string[]; set: string[] }> = {
  extensions: {
    affix: ['name', 'number', 'password', 'caller_number', 'caller_name', 'out_caller_number', 'out_caller_name'],
    set: ['dnd', 'account_id', 'enabled', 'recording', 'voicemail', 'allow_outbound', 'timeout_s', 'pickup_range', 'agent_mode', 'ringback_id', 'template_id']
  },
  agents: { affix: ['number', 'password', 'out_caller_number'], set: ['enabled', 'extension_mode', 'extension_id', 'group_id', 'role_id'] },
  accounts: { affix: ['username'], set: ['enabled', 'force_record', 'payment_mode', 'role_id', 'bill_mail', 'department_id', 'export_limited'] }
}

export function editBody(resource: EditResource, ids: string[], affix: Record<string, Affix>, set: Row, resetPassword: boolean, preview: boolean): Row {
  const used = Object.fromEntries(Object.entries(affix).filter(([, a]) => a.prefix || a.suffix))
  const body: Row = { resource, ids, preview }
  if (Object.keys(used).length) body.affix = used
  if (Object.keys(set).length) body.set = set
  if (resetPassword) body.reset_password = true
  return body
}

/** The row with a field set, or without it when the value is undefined. */
export const withValue = (row: Row, name: string, value: unknown): Row => Object.fromEntries(Object.entries({ ...row, [name]: value }).filter(([, v]) => v !== undefined))
