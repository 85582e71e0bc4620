// Departments and workplaces of the tenant, and the accounts of the chosen one.
import { computed, reactive } from 'vue'
import type { Row } from '../api/types'
import { problemText } from '../i18n'
import { rows } from './client'
import { find, forest, idsBelow, move, type Where } from './tree'

export const org = reactive({ departments: [] as Row[], accounts: [] as Row[], chosen: '', below: true, word: '', fault: '', busy: false })

export const roots = computed(() => forest(org.departments))
export const chosenNode = computed(() => find(roots.value, org.chosen))
const wanted = computed(() => (chosenNode.value ? new Set(org.below ? idsBelow(chosenNode.value) : [org.chosen]) : null))

/** The members at the right: of the chosen department (and below it), or those who have none. */
export const members = computed(() => {
  const word = org.word.trim().toLowerCase()
  return org.accounts.filter((a) => (wanted.value ? wanted.value.has(String(a.department_id)) : !a.department_id) && (!word || `${String(a.username)} ${String(a.name)} ${String(a.number ?? '')}`.toLowerCase().includes(word)))
})

export const counts = computed(() => {
  const found = new Map<string, number>()
  for (const a of org.accounts) if (a.department_id) found.set(String(a.department_id), (found.get(String(a.department_id)) ?? 0) + 1)
  return found
})

export async function loadOrganisation(): Promise<void> {
  org.busy = true
  org.fault = ''
  try {
    ;[org.departments, org.accounts] = await Promise.all([rows.all('departments'), rows.all('accounts', { sort: 'username' }).catch(() => [])])
    if (!find(roots.value, org.chosen)) org.chosen = roots.value[0]?.id ?? ''
  } catch (e) {
    org.fault = problemText(e)
  }
  org.busy = false
}

function put(row: Row): void {
  org.departments = [...org.departments.filter((d) => d.id !== row.id), row]
}

export async function saveDepartment(id: string | null, body: Row): Promise<void> {
  const row = id ? await rows.update('departments', id, body) : await rows.create('departments', body)
  put(row)
  org.chosen = String(row.id)
}

export async function removeDepartment(id: string): Promise<void> {
  const parent = find(roots.value, id)?.parent ?? ''
  await rows.remove('departments', id)
  org.departments = org.departments.filter((d) => d.id !== id)
  org.chosen = parent || (roots.value[0]?.id ?? '')
}

export async function moveDepartment(moved: string, target: string, where: Where): Promise<void> {
  for (const w of move(roots.value, moved, target, where) ?? []) put(await rows.update('departments', w.id, w.set))
}

/** Puts accounts into a department; '' takes them out of theirs. */
export async function assign(ids: string[], department: string): Promise<void> {
  for (const id of ids) {
    const row = await rows.update('accounts', id, { department_id: department || null })
    org.accounts = org.accounts.map((a) => (a.id === id ? { ...a, ...row } : a))
  }
}
