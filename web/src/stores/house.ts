// What the tenant's settings say about lists, for those who may read them: rows per page, whether the search panel is open at
// first, the usual format of exports. A user's own arrangement goes before it.
import { reactive } from 'vue'
import { resources } from '../api/resources'
import { sizes } from '../engine/query'
import { resourceNamed } from './meta'
import { whenForgotten } from './session'

export const house = reactive({ size: 50, panel: false, format: 'xlsx' })
let asked: Promise<void> | null = null

async function ask(): Promise<void> {
  const page = await resources.list('settings', new URLSearchParams({ limit: '1', fields: 'id,rows_per_page,show_search,export_format' })).catch(() => null)
  const row = page?.items[0]
  if (!row) return
  if ((sizes as readonly unknown[]).includes(row.rows_per_page)) house.size = Number(row.rows_per_page)
  house.panel = row.show_search === true
  if (row.export_format === 'csv') house.format = 'csv'
}

export const loadHouse = (): Promise<void> => (asked ??= resourceNamed('settings')?.can.list ? ask() : Promise.resolve())

whenForgotten(() => {
  asked = null
  Object.assign(house, { size: 50, panel: false, format: 'xlsx' })
})
