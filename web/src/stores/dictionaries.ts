// Dictionaries (数据字典) by code or id: their items in order, as choices and as trees. Each is asked for once.
import { reactive } from 'vue'
import { resources } from '../api/resources'
import { labelOf } from '../i18n'
import { whenForgotten } from './session'

export interface Item {
  id: string
  parent: string | null
  code: string
  zh: string
  en: string
  enabled: boolean
}

export interface ItemNode extends Item {
  children: ItemNode[]
}

const known = reactive(new Map<string, Item[]>())
const asked = new Set<string>()
const pagesMax = 25

const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/

async function idOf(dictionary: string): Promise<string | undefined> {
  if (uuid.test(dictionary)) return dictionary
  const page = await resources.list('dictionaries', new URLSearchParams({ limit: '1', 'filter[code]': dictionary }))
  return page.items[0]?.id as string | undefined
}

async function load(dictionary: string): Promise<void> {
  const id = await idOf(dictionary)
  const items: Item[] = []
  let cursor: string | null = null
  for (let n = 0; id && n < pagesMax && (n === 0 || cursor); n++) {
    const page = await resources.list('dictionary-items', new URLSearchParams({ limit: '200', sort: 'position,id', 'filter[dictionary_id]': id, ...(cursor && { cursor }) }))
    for (const row of page.items) {
      items.push({ id: String(row.id), parent: (row.parent_id as string | null) ?? null, code: String(row.code), zh: String(row.zh ?? row.code), en: String(row.en ?? row.zh ?? row.code), enabled: row.enabled !== false })
    }
    cursor = page.next
  }
  known.set(dictionary, items)
}

/** The items, at once if known; else empty now and filled when they come. */
export function dictionaryItems(dictionary: string): Item[] {
  if (!asked.has(dictionary)) {
    asked.add(dictionary)
    void load(dictionary).catch(() => asked.delete(dictionary))
  }
  return known.get(dictionary) ?? []
}

export function dictionaryLabel(dictionary: string, code: string): string {
  const item = dictionaryItems(dictionary).find((x) => x.code === code || x.id === code)
  return item ? labelOf(item) : ''
}

export function treeOf(items: Item[], parent: string | null = null): ItemNode[] {
  return items.filter((x) => x.parent === parent && x.enabled).map((x) => ({ ...x, children: treeOf(items, x.id) }))
}

export function forgetDictionaries(): void {
  known.clear()
  asked.clear()
}
whenForgotten(forgetDictionaries)
