// @vitest-environment jsdom
import { beforeEach, describe, expect, test, vi } from 'vitest'

vi.stubGlobal('matchMedia', () => ({ matches: false }))
const { resourceOf } = await import('../../src/engine/fields')
const { stateOf } = await import('../../src/engine/query')
const { ResourceRows } = await import('../../src/stores/rows')
const { everything } = await import('./metas')

const resource = resourceOf(everything)
const all = Array.from({ length: 137 }, (_, i) => ({ id: `r${i}` }))
let asked: URLSearchParams[] = []
let skipWorks = true

/** The api: rows by cursor ("where the last page ended"), `skip` where it works, a total when asked for. */
function answer(url: string): Response {
  const p = new URL(url, 'http://x').searchParams
  asked.push(p)
  if (p.has('skip') && !skipWorks) return new Response(JSON.stringify({ type: 'urn:zongji:problem:query' }), { status: 400 })
  const rows = p.get('sort') === 'id' ? [...all].reverse() : all
  const from = Number(p.get('cursor') ?? 0) + Number(p.get('skip') ?? 0)
  const to = from + Number(p.get('limit'))
  return new Response(JSON.stringify({ items: rows.slice(from, to), next: to < all.length ? String(to) : null, ...(p.get('count') && { total: all.length }) }))
}
vi.stubGlobal('fetch', (url: string) => Promise.resolve(answer(url)))

const question = (query: Record<string, string>) => ({ resource, state: stateOf(query), columns: ['name', 'owner_id'], zone: 'UTC' })
const firstId = (rows: InstanceType<typeof ResourceRows>) => rows.at.items[0]?.id

beforeEach(() => {
  asked = []
  skipWorks = true
})

describe('pages over cursors', () => {
  test('asks for the columns shown, with names of references; the next page is one cursor on', async () => {
    const rows = new ResourceRows()
    await rows.load(question({ size: '50' }))
    expect(asked[0]?.get('fields')).toBe('id,name,owner_id')
    expect(asked[0]?.get('expand')).toBe('owner_id')
    expect(asked[0]?.has('count')).toBe(false)
    await rows.load(question({ size: '50', page: '2' }))
    expect([firstId(rows), asked[1]?.get('cursor'), asked[1]?.has('skip')]).toEqual(['r50', '50', false])
    await rows.load(question({ size: '50', page: '3' }))
    expect(rows.at.total).toBe(137)
    rows.stop()
  })

  test('jumps by skip; walks where the server knows none, and ends on the last page when there are fewer', async () => {
    const rows = new ResourceRows()
    await rows.load(question({ size: '10', page: '9' }))
    expect([firstId(rows), asked.length]).toEqual(['r80', 1])
    skipWorks = false
    const walker = new ResourceRows()
    await walker.load(question({ size: '10', page: '9' }))
    expect(firstId(walker)).toBe('r80')
    await walker.load(question({ size: '10', page: '400' }))
    expect([firstId(walker), walker.at.page, walker.at.total]).toEqual(['r130', 14, 137])
    rows.stop()
    walker.stop()
  })

  test('a page of the second half is counted from the end, once the total is known', async () => {
    const rows = new ResourceRows()
    await rows.load(question({ size: '10' }))
    await rows.count()
    for (const [page, first, skip, last] of [['13', 'r120', '7', false], ['14', 'r130', null, true], ['99', 'r130', null, true]] as const) {
      await rows.load(question({ size: '10', page }))
      expect([firstId(rows), asked.at(-1)?.get('sort'), asked.at(-1)?.get('skip'), rows.at.next === null]).toEqual([first, 'id', skip, last])
    }
    expect([rows.at.page, rows.at.items.length, rows.at.total]).toEqual([14, 7, 137])
    rows.stop()
  })

  test('another condition begins anew; a late answer of the old one is dropped', async () => {
    const rows = new ResourceRows()
    await rows.load(question({ size: '50', page: '2' }))
    const old = rows.load(question({ size: '50', page: '3' }))
    await rows.load(question({ size: '50', q: 'x' }))
    await old
    expect([firstId(rows), rows.at.page]).toEqual(['r0', 1])
    expect(asked.at(-1)?.get('q')).toBe('x')
    rows.stop()
  })

  test('counts apart; scrolls on in parts', async () => {
    const rows = new ResourceRows()
    await rows.load(question({ size: '0' }))
    expect(rows.at.items.length).toBe(100)
    await rows.count()
    expect(rows.at.total).toBe(137)
    await rows.more()
    expect(rows.at.items.length).toBe(137)
    await rows.more()
    expect(rows.at.items.length).toBe(137)
    rows.stop()
  })
})
