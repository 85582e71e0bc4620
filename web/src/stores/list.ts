// A list that is loaded page by page. A newer question wins over an older answer.
import { reactive } from 'vue'
import type { Page } from '../api/types'
import { problemText } from '../i18n'

export interface List<T> {
  items: T[]
  next: string | null
  busy: boolean
  fault: string
}

export function pagedList<T>(ask: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>) {
  const list = reactive({ items: [], next: null, busy: false, fault: '' }) as List<T>
  let running: AbortController | null = null

  async function run(cursor: string | null): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    list.busy = true
    list.fault = ''
    try {
      const page = await ask(cursor, mine.signal)
      if (running !== mine) return
      list.items = cursor ? [...list.items, ...page.items] : page.items
      list.next = page.next
    } catch (e) {
      if (running === mine) list.fault = problemText(e)
    }
    if (running === mine) list.busy = false
  }
  return { list, load: () => run(null), more: () => (list.next ? run(list.next) : Promise.resolve()) }
}
