// The rows of a list. Inside are cursors, outside are pages: the cursor of each page that was seen is kept, a page further on is
// asked for with `skip`. The total is counted apart, after the rows are shown, so that a long list is there at once.
import { reactive } from 'vue'
import { Problem } from '../api/http'
import { resources } from '../api/resources'
import type { Page, Row } from '../api/types'
import { expandable, type Resource } from '../engine/fields'
import { parseSort, selection, sortText, type ListState } from '../engine/query'
import { problemText } from '../i18n'
import { learnExpand } from './labels'

export const chunk = 100
const stepsMax = 60
/** A count that took longer is only made when asked for. */
const slowCountMs = 1500
const slow = new Set<string>()

export interface Rows {
  items: Row[]
  busy: boolean
  /** True until the first answer: a skeleton is shown then. */
  first: boolean
  fault: string
  total: number | null
  counting: boolean
  countByHand: boolean
  next: string | null
  page: number
}

export interface Question {
  resource: Resource
  state: ListState
  columns: string[]
  zone: string
}

export class ResourceRows {
  readonly at: Rows = reactive({ items: [], busy: false, first: true, fault: '', total: null, counting: false, countByHand: false, next: null, page: 1 })
  private question: Question | null = null
  private key = ''
  private cursors = new Map<number, string | null>([[1, null]])
  private running: AbortController | null = null
  private counter: AbortController | null = null
  private countTimer: ReturnType<typeof setTimeout> | undefined

  /** Asks for what the question says; a newer question wins over an older answer. */
  async load(question: Question, countAgain = false): Promise<void> {
    const key = [question.resource.name, selection(question.state, question.zone).toString(), sortText(question.state.sort), question.state.size].join('|')
    if (key !== this.key || countAgain) this.forget(key)
    this.question = question
    this.running?.abort()
    const mine = (this.running = new AbortController())
    Object.assign(this.at, { busy: true, fault: '' })
    try {
      const page = await this.askPage(question, mine.signal)
      if (this.running !== mine) return
      Object.assign(this.at, { items: page.items, next: page.next })
      this.learn(page)
      this.countLater()
    } catch (e) {
      if (this.running === mine) Object.assign(this.at, { fault: problemText(e), items: [], next: null })
    }
    if (this.running === mine) Object.assign(this.at, { busy: false, first: false })
  }

  /** The next part of an endless list. */
  async more(): Promise<void> {
    const { question, at } = this
    if (!question || !at.next || at.busy) return
    const mine = (this.running = new AbortController())
    at.busy = true
    try {
      const page = await this.ask(question, at.next, chunk, mine.signal)
      if (this.running !== mine) return
      at.items = [...at.items, ...page.items]
      at.next = page.next
      if (page.next === null && (page.items.length || at.page === 1)) at.total = at.items.length
    } catch (e) {
      if (this.running === mine) at.fault = problemText(e)
    }
    if (this.running === mine) at.busy = false
  }

  async count(): Promise<void> {
    if (!this.question) return
    this.counter?.abort()
    const mine = (this.counter = new AbortController())
    const { resource, state, zone } = this.question
    const params = selection(state, zone)
    params.set('limit', '1')
    params.set('count', 'true')
    this.at.counting = true
    const began = performance.now()
    try {
      const page = await resources.list(resource.name, params, mine.signal)
      if (this.counter === mine) this.at.total = page.total ?? null
      if (performance.now() - began > slowCountMs) slow.add(resource.name)
      else slow.delete(resource.name)
    } catch {
      // No total then: the pager does without.
    }
    if (this.counter === mine) this.at.counting = false
  }

  /** Puts a changed row in its place. */
  replace(row: Row): void {
    const { resource } = this.question ?? {}
    if (resource) learnExpand(row, resource)
    this.at.items = this.at.items.map((x) => (x.id === row.id ? { ...x, ...row } : x))
  }

  stop(): void {
    clearTimeout(this.countTimer)
    this.running?.abort()
    this.counter?.abort()
  }

  private forget(key: string): void {
    clearTimeout(this.countTimer)
    this.counter?.abort()
    this.key = key
    this.cursors = new Map([[1, null]])
    Object.assign(this.at, { total: null, counting: false })
  }

  private learn(page: Page<Row>): void {
    const { at, question } = this
    if (!question) return
    const size = question.state.size
    if (size && page.next) this.cursors.set(at.page + 1, page.next)
    if (page.next === null && (page.items.length || at.page === 1)) at.total = size ? (at.page - 1) * size + page.items.length : page.items.length
  }

  private countLater(): void {
    clearTimeout(this.countTimer)
    if (this.at.total !== null || !this.question) return
    this.at.countByHand = slow.has(this.question.resource.name)
    if (!this.at.countByHand) this.countTimer = setTimeout(() => void this.count(), 150)
  }

  private async askPage(question: Question, signal: AbortSignal): Promise<Page<Row>> {
    const { page, size } = question.state
    if (!size) {
      this.at.page = 1
      return this.ask(question, null, chunk, signal)
    }
    const near = Math.max(...[...this.cursors.keys()].filter((p) => p <= page))
    const from = this.cursors.get(near) ?? null
    if (near === page) {
      this.at.page = page
      return this.ask(question, from, size, signal)
    }
    const { total } = this.at
    if (total !== null && (page - near) * size > total - page * size) return this.fromEnd(question, total, signal)
    return this.jump(question, near, from, signal)
  }

  /** A page of the second half, counted from the end: the rows are asked for in the opposite order and turned. */
  private async fromEnd(question: Question, total: number, signal: AbortSignal): Promise<Page<Row>> {
    const { size, sort } = question.state
    const page = Math.min(question.state.page, Math.max(1, Math.ceil(total / size)))
    const used = sort.length ? sort : parseSort(question.resource.meta.sort ?? '-id')
    const turned = { ...question, state: { ...question.state, sort: used.map((s) => ({ ...s, desc: !s.desc })) } }
    const rest = total - page * size
    const found = await this.ask(turned, null, Math.min(size, size + rest), signal, Math.max(0, rest))
    this.at.page = page
    // There is a next page, but no cursor of it: it is counted from the end as well.
    return { items: found.items.reverse(), next: rest > 0 ? '' : null }
  }

  /** To a page whose cursor is not known: in one step, or walking where the server knows no `skip`. */
  private async jump(question: Question, near: number, from: string | null, signal: AbortSignal): Promise<Page<Row>> {
    const { page, size } = question.state
    try {
      const found = await this.ask(question, from, size, signal, (page - near) * size)
      this.at.page = page
      return found
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 400) throw e
      return this.walk(question, near, from, signal)
    }
  }

  private async walk(question: Question, near: number, from: string | null, signal: AbortSignal): Promise<Page<Row>> {
    const { size } = question.state
    let { page } = question.state
    const pagesAStep = Math.floor(200 / size)
    for (let at = near, cursor = from, steps = 0; steps < stepsMax; steps++) {
      if (at === page) {
        this.at.page = page
        return this.ask(question, cursor, size, signal)
      }
      const take = Math.min(pagesAStep, page - at)
      const found = await this.ask({ ...question, columns: ['id'] }, cursor, take * size, signal)
      if (!found.next) {
        page = at + Math.max(0, Math.ceil(found.items.length / size) - 1)
        continue
      }
      at += take
      cursor = found.next
      this.cursors.set(at, cursor)
    }
    throw new Problem(400, 'query', '', '', '', [{ field: 'page', rule: 'max', zh: '页数太大，请先缩小范围', en: 'That page is too far; narrow the list first' }], null)
  }

  private async ask(question: Question, cursor: string | null, limit: number, signal: AbortSignal, skip = 0): Promise<Page<Row>> {
    const { resource, state, columns, zone } = question
    const params = selection(state, zone)
    params.set('limit', String(limit))
    if (state.sort.length) params.set('sort', sortText(state.sort))
    if (cursor) params.set('cursor', cursor)
    if (skip) params.set('skip', String(skip))
    const known = columns.filter((c) => resource.byName.has(c))
    // What decides where a reference points to comes along.
    const deciding = known.flatMap((c) => resource.byName.get(c)?.meta.refs?.by ?? [])
    params.set('fields', [...new Set(['id', ...known, ...deciding])].join(','))
    const refs = expandable(known.flatMap((c) => resource.byName.get(c) ?? []))
    if (refs.length) params.set('expand', refs.join(','))
    const page = await resources.list(resource.name, params, signal)
    for (const row of page.items) learnExpand(row, resource)
    return page
  }
}
