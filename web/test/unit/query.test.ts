import { describe, expect, test } from 'vitest'
import { moved, moveOf } from '../../src/engine/grid'
import { nextSort, queryOf, selection, stateOf } from '../../src/engine/query'
import { fromWall, rangeOf, toWall } from '../../src/engine/ranges'

const zone = 'Asia/Shanghai'
const now = Date.parse('2026-11-21T03:00:00Z') // Saturday, 11:00 there

describe('the state of a list', () => {
  test('is in the URL whole, and comes back from it', () => {
    const state = {
      q: 'ab', match: 'any' as const, sort: [{ field: 'created_at', desc: true }, { field: 'custom.k', desc: false }], page: 3, size: 100, bin: true,
      conditions: [{ field: 'number', op: 'starts', value: '40' }, { field: 'custom.k', op: 'eq', value: 'x.y' }, { field: 'number', op: 'starts', value: '41' }]
    }
    const query = queryOf(state)
    expect(query).toEqual({ q: 'ab', 'f.number.starts': ['40', '41'], 'f.custom.k.eq': 'x.y', match: 'any', sort: '-created_at,custom.k', page: '3', size: '100', bin: '1' })
    const back = stateOf(query)
    expect({ ...back, conditions: [...back.conditions].sort((a, b) => a.value.localeCompare(b.value)) }).toEqual({ ...state, conditions: [...state.conditions].sort((a, b) => a.value.localeCompare(b.value)) })
  })

  test('nonsense in the URL does no harm', () => {
    expect(stateOf({ page: '-4', size: '77', sort: ',,a,b,c,d', match: 'none', 'f.x': '1', 'f..eq': '2' })).toEqual({ q: '', conditions: [], match: 'all', sort: [{ field: 'a', desc: false }, { field: 'b', desc: false }, { field: 'c', desc: false }], page: 1, size: 50, bin: false })
    expect(stateOf(Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`f.a${i}.eq`, '1']))).conditions.length).toBe(20)
  })

  test('is asked of the api in its own words', () => {
    const ask = (conditions: { field: string; op: string; value: string }[], more = {}) => decodeURIComponent(selection({ ...stateOf({}), conditions, ...more }, zone, now).toString())
    expect(ask([{ field: 'a', op: 'null', value: 'false' }])).toBe('filter[a][null]=false')
    expect(ask([{ field: 'a', op: 'eq', value: '' }])).toBe('')
    expect(ask([{ field: 'at', op: 'range', value: 'today' }])).toBe('filter[at][between]=2026-11-20T16:00:00.000Z,2026-11-21T15:59:59.999Z')
    expect(ask([{ field: 'day', op: 'dayrange', value: '2026-01-01~' }])).toBe('filter[day][ge]=2026-01-01')
    expect(ask([{ field: 'a', op: 'eq', value: '1' }, { field: 'b', op: 'eq', value: '2' }], { match: 'any', bin: true })).toBe('filter[a][eq]=1&filter[b][eq]=2&match=any&deleted=true')
  })

  test('sorts turn up, down, off; with shift they join', () => {
    let s = nextSort([], 'a', false)
    expect(s).toEqual([{ field: 'a', desc: false }])
    s = nextSort(s, 'b', true)
    s = nextSort(s, 'a', true)
    expect(s).toEqual([{ field: 'a', desc: true }, { field: 'b', desc: false }])
    expect(nextSort(s, 'a', true)).toEqual([{ field: 'b', desc: false }])
    expect(nextSort(s, 'c', false)).toEqual([{ field: 'c', desc: false }])
  })
})

describe('ranges of time', () => {
  test('days are those of the tenant’s zone, also where clocks change', () => {
    expect(rangeOf('yesterday', zone, now, true)).toEqual(['2026-11-20', '2026-11-20'])
    expect(rangeOf('week', zone, now, true)).toEqual(['2026-11-16', '2026-11-22'])
    expect(rangeOf('lastmonth', zone, now, true)).toEqual(['2026-10-01', '2026-10-31'])
    expect(rangeOf('last7', zone, now, true)).toEqual(['2026-11-15', '2026-11-21'])
    // The day on which Berlin's clocks go back has 25 hours.
    expect(rangeOf('today', 'Europe/Berlin', Date.parse('2026-10-25T12:00:00Z'), false)).toEqual(['2026-10-24T22:00:00.000Z', '2026-10-25T22:59:59.999Z'])
  })

  test('wall clock there and back', () => {
    expect(toWall('2026-11-21T03:00:00Z', zone)).toBe('2026-11-21 11:00:00')
    expect(fromWall('2026-11-21 11:00:00', zone)).toBe('2026-11-21T03:00:00.000Z')
  })
})

test('keys move within the grid and never out of it', () => {
  expect(moveOf('ArrowDown', { row: 9, col: 0 }, 10, 3, 5)).toEqual({ row: 9, col: 0 })
  expect(moveOf('PageUp', { row: 3, col: 2 }, 10, 3, 5)).toEqual({ row: 0, col: 2 })
  expect(moveOf('End', { row: 3, col: 0 }, 10, 3, 5)).toEqual({ row: 3, col: 2 })
  expect(moveOf('x', { row: 0, col: 0 }, 10, 3, 5)).toBeNull()
  expect(moved(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b'])
})
