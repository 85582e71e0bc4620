// The roles of a tenant and the one that is being edited.
import { computed, reactive } from 'vue'
import type { Row } from '../api/types'
import { problemText } from '../i18n'
import { session } from '../stores/session'
import { admin, rows } from './client'
import { barredIn, lockOf, pack, spread, treeOf, type Lock } from './permissions'
import type { PermissionTree } from './types'

export const scopes = ['own', 'group', 'department', 'chosen', 'tenant'] as const
export type Scope = (typeof scopes)[number]

interface Draft {
  name: string
  remark: string
  kind: string
  scope: Scope
  departments: string[]
  ticks: ReadonlySet<string>
}

export const roles = reactive({
  list: [] as Row[],
  tree: { modules: [], show: [] } as PermissionTree,
  departments: [] as Row[],
  /** '' nobody, 'new' one that is not saved yet. */
  id: '',
  draft: null as Draft | null,
  saved: '',
  busy: false,
  fault: ''
})

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function draftOf(row: Row): Draft {
  return {
    name: text(row.name), remark: text(row.remark), kind: text(row.kind) || 'custom', scope: (text(row.scope) || 'tenant') as Scope,
    departments: strings(row.scope_departments), ticks: spread(strings(row.permissions), roles.tree)
  }
}

const print = (d: Draft | null): string => (d ? JSON.stringify([d.name, d.remark, d.kind, d.scope, d.departments, [...d.ticks].sort()]) : '')
export const changed = computed(() => print(roles.draft) !== roles.saved)
export const current = computed(() => roles.list.find((row) => row.id === roles.id))
export const fixed = computed(() => current.value?.kind === 'admin')

export function lock(name: string): Lock {
  return lockOf(name, session.current?.permissions ?? [], barredIn(roles.tree))
}

/** For a page that was just opened. Whoever begins to write before the answer is here keeps what he wrote. */
export async function loadRoles(): Promise<void> {
  roles.fault = roles.saved = ''
  roles.draft = null
  try {
    const [list, tree, departments] = await Promise.all([rows.all('roles', { sort: 'name' }), admin.permissions(), rows.all('departments').catch(() => [])])
    roles.list = list
    roles.tree = treeOf(tree)
    roles.departments = departments
    if (!changed.value) choose(roles.list.some((row) => row.id === roles.id) ? roles.id : String(list[0]?.id ?? ''))
  } catch (e) {
    roles.fault = problemText(e)
  }
}

export function choose(id: string): void {
  roles.id = id
  roles.draft = current.value ? draftOf(current.value) : null
  roles.saved = print(roles.draft)
}

export function startNew(): void {
  roles.id = 'new'
  roles.draft = draftOf({ kind: 'custom', scope: 'own' })
  roles.saved = ''
}

export async function saveRole(): Promise<void> {
  const d = roles.draft
  if (!d) return
  const before = strings(current.value?.permissions)
  const body: Row = { name: d.name.trim(), remark: d.remark, scope: d.scope, scope_departments: d.scope === 'chosen' ? d.departments : [], permissions: pack(before, d.ticks, roles.tree) }
  if (roles.id === 'new' && d.kind !== 'custom') body.kind = d.kind
  roles.busy = true
  try {
    const row = roles.id === 'new' ? await rows.create('roles', body) : await rows.update('roles', roles.id, body)
    roles.list = [...roles.list.filter((x) => x.id !== row.id), row].sort((a, b) => String(a.name).localeCompare(String(b.name), 'zh'))
    choose(String(row.id))
  } finally {
    roles.busy = false
  }
}

export async function removeRole(): Promise<void> {
  await rows.remove('roles', roles.id)
  roles.list = roles.list.filter((row) => row.id !== roles.id)
  choose(String(roles.list[0]?.id ?? ''))
}
