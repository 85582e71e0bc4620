// The reader of the knowledge base: categories, the articles found, the one that is read, and what was read lately.
import { computed, reactive } from 'vue'
import type { Row } from '../api/types'
import { problemText } from '../i18n'
import { rows } from './client'
import { find, forest, idsBelow } from './tree'

export const kb = reactive({ categories: [] as Row[], chosen: '', word: '', items: [] as Row[], next: null as string | null, article: null as Row | null, history: [] as Row[], busy: false, fault: '' })

export const roots = computed(() => forest(kb.categories))

/** The first and the second level above (or at) an article's category. */
export function levels(category: unknown): [string, string] {
  const path: string[] = []
  let node = find(roots.value, String(category))
  while (node) {
    path.unshift(String(node.row.name))
    node = find(roots.value, node.parent)
  }
  return [path[0] ?? '', path.slice(1).join(' / ')]
}

function params(): Record<string, string> {
  const found: Record<string, string> = { 'filter[status]': 'published', limit: '30' }
  const node = find(roots.value, kb.chosen)
  if (node) found['filter[category_id][in]'] = idsBelow(node).slice(0, 100).join(',')
  if (kb.word.trim()) found.q = kb.word.trim()
  return found
}

let asked = 0
export async function searchArticles(more = false): Promise<void> {
  const mine = ++asked
  kb.busy = true
  kb.fault = ''
  try {
    const page = await rows.list('kb-articles', { ...params(), ...(more && kb.next ? { cursor: kb.next } : {}) })
    if (mine !== asked) return
    kb.items = more ? [...kb.items, ...page.items] : page.items
    kb.next = page.next
  } catch (e) {
    kb.fault = problemText(e)
  }
  kb.busy = false
}

async function loadHistory(): Promise<void> {
  const page = await rows.list('kb-views', { limit: 20, sort: '-id', expand: 'article_id' }).catch(() => null)
  const seen = new Set<unknown>()
  kb.history = (page?.items ?? []).filter((v) => !seen.has(v.article_id) && seen.add(v.article_id))
}

export async function loadKnowledge(): Promise<void> {
  try {
    kb.categories = await rows.all('kb-categories')
  } catch (e) {
    kb.fault = problemText(e)
  }
  await Promise.all([searchArticles(), loadHistory()])
}

/** Shows an article and notes that it was looked at. */
export async function openArticle(id: string): Promise<void> {
  kb.fault = ''
  try {
    kb.article = id ? await rows.one('kb-articles', id) : null
    if (!id) return
    await rows.create('kb-views', { article_id: id }).catch(() => undefined)
    await loadHistory()
  } catch (e) {
    kb.article = null
    kb.fault = problemText(e)
  }
}
