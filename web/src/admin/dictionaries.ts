// Dictionaries and the entries of the chosen one.
import { computed, reactive } from 'vue'
import type { Row } from '../api/types'
import { problemText } from '../i18n'
import { rows } from './client'
import { forest, move, type Where } from './tree'

export const dict = reactive({ list: [] as Row[], chosen: '', items: [] as Row[], item: '', fault: '', busy: false })

export const current = computed(() => dict.list.find((d) => d.id === dict.chosen))
export const roots = computed(() => forest(dict.items, 'parent_id', 'zh'))

export async function loadDictionaries(): Promise<void> {
  dict.fault = ''
  dict.busy = true
  try {
    dict.list = await rows.all('dictionaries', { sort: 'code' })
    await chooseDictionary(dict.list.some((d) => d.id === dict.chosen) ? dict.chosen : String(dict.list[0]?.id ?? ''))
  } catch (e) {
    dict.fault = problemText(e)
  }
  dict.busy = false
}

export async function chooseDictionary(id: string): Promise<void> {
  dict.chosen = id
  dict.item = ''
  dict.items = id ? await rows.all('dictionary-items', { 'filter[dictionary_id]': id }) : []
}

export async function saveDictionary(id: string, body: Row): Promise<void> {
  const row = id ? await rows.update('dictionaries', id, body) : await rows.create('dictionaries', body)
  dict.list = [...dict.list.filter((d) => d.id !== row.id), row].sort((a, b) => String(a.code).localeCompare(String(b.code)))
  if (!id) await chooseDictionary(String(row.id))
}

export async function removeDictionary(): Promise<void> {
  await rows.remove('dictionaries', dict.chosen)
  await loadDictionaries()
}

function put(row: Row): void {
  dict.items = [...dict.items.filter((i) => i.id !== row.id), row]
}

export async function saveItem(id: string, body: Row): Promise<void> {
  const row = id ? await rows.update('dictionary-items', id, body) : await rows.create('dictionary-items', { dictionary_id: dict.chosen, position: dict.items.length + 1, ...body })
  put(row)
  dict.item = String(row.id)
}

export async function removeItem(id: string): Promise<void> {
  await rows.remove('dictionary-items', id)
  await chooseDictionary(dict.chosen)
}

/** In a flat dictionary nothing goes into another: it goes behind it. */
export async function moveItem(moved: string, target: string, where: Where): Promise<void> {
  const place = where === 'into' && !current.value?.tree ? 'after' : where
  for (const w of move(roots.value, moved, target, place) ?? []) put(await rows.update('dictionary-items', w.id, w.set))
}
