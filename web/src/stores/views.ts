// Saved views of a list: its conditions, sort and columns under a name, of one's own or shared.
import { reactive } from 'vue'
import { resources } from '../api/resources'
import { session, whenForgotten } from './session'

export interface View {
  id: string
  name: string
  shared: boolean
  mine: boolean
  query: string
  columns: string[]
}

const known = reactive(new Map<string, View[]>())

export async function loadViews(resource: string): Promise<void> {
  const page = await resources.list('views', new URLSearchParams({ limit: '100', sort: 'name', 'filter[resource]': resource }))
  const me = session.current?.account.id
  known.set(resource, page.items.map((row) => ({ id: String(row.id), name: String(row.name), shared: row.shared === true, mine: !row.account_id || row.account_id === me, query: String(row.query ?? ''), columns: Array.isArray(row.columns) ? (row.columns as string[]) : [] })))
}

export const viewsOf = (resource: string): View[] => known.get(resource) ?? []

export async function saveView(resource: string, name: string, shared: boolean, query: string, columns: string[]): Promise<void> {
  const same = viewsOf(resource).find((v) => v.mine && v.name === name)
  if (same) await resources.change('views', same.id, { shared, query, columns })
  else await resources.create('views', { resource, name, shared, query, columns })
  await loadViews(resource)
}

export async function removeView(resource: string, id: string): Promise<void> {
  await resources.remove('views', id)
  await loadViews(resource)
}

whenForgotten(() => known.clear())
