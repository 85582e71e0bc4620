// @vitest-environment jsdom
import { describe, expect, test, vi } from 'vitest'

vi.stubGlobal('matchMedia', () => ({ matches: false }))
const { applies, bodyOf, defaultColumns, fieldOf, filterable, formGroups, listable, refOf, resourceOf, valueOf } = await import('../../src/engine/fields')
const { operatorsOf } = await import('../../src/engine/operators')
const { relatedTo } = await import('../../src/engine/related')
const { everything, field } = await import('./metas')

const r = resourceOf(everything)
const get = (name: string) => {
  const f = r.byName.get(name)
  if (!f) throw new Error(name)
  return f
}

describe('what a field is, from its metadata alone', () => {
  test('its kind', () => {
    const kinds = Object.fromEntries(r.fields.map((f) => [f.name, f.kind]))
    expect(kinds).toMatchObject({
      number: 'text', colour: 'choice', kind: 'choice', wait_s: 'duration', owner_id: 'reference', target_id: 'reference', phone: 'phone', secret: 'secret', text: 'longtext', page: 'html', labels: 'tags', industry: 'dictionary',
      until: 'date', logo_id: 'file', on: 'boolean', created_at: 'datetime', 'custom.level': 'choice', 'custom.place': 'cascade', 'custom.note': 'text'
    })
  })

  test('its choices, labelled in both languages whichever way they come', () => {
    expect(get('colour').choices).toEqual([{ value: 'black', zh: '黑', en: 'Black' }, { value: 'white', zh: '白', en: 'White' }])
    expect(get('kind').choices).toEqual([{ value: 'a', zh: '甲', en: 'A' }])
    expect(get('custom.level').choices).toEqual([{ value: 'x', zh: '高', en: '高' }])
    expect(get('custom.place').choices.map((c) => c.value)).toEqual(['sh', 'pd'])
  })

  test('who may write it when: fixed, masked and the system’s own not at all', () => {
    const may = (name: string) => [get(name).onCreate, get(name).onUpdate]
    expect(may('name')).toEqual([true, true])
    expect(may('fixed')).toEqual([true, false])
    expect(may('phone')).toEqual([false, false])
    expect(may('created_at')).toEqual([false, false])
    expect(may('tenant_id')).toEqual([true, false])
  })

  test('a masked field cannot be sorted and only be asked for whole; others offer what the server knows', () => {
    expect(get('phone').sortable).toBe(false)
    expect(operatorsOf(get('phone'))).toEqual(['eq'])
    expect(operatorsOf(get('number'))).toEqual(['contains', 'eq', 'ne', 'starts', 'in', 'null', 'notnull'])
    expect(operatorsOf(get('created_at'))).toEqual(['range', 'null', 'notnull'])
    expect(operatorsOf(fieldOf(field('n', 'integer', { filter: ['eq', 'ge', 'le'] })))).toEqual(['eq', 'ge', 'le'])
    expect(operatorsOf(get('secret'))).toEqual([])
  })
})

describe('pages made of it', () => {
  test('columns: no secrets, no documents, nothing boring, the name among the first', () => {
    expect(listable(r).map((f) => f.name)).not.toContain('secret')
    const columns = defaultColumns(r)
    expect(columns.slice(0, 2)).toEqual(['number', 'name'])
    expect(columns).not.toContain('id')
    expect(columns).not.toContain('text')
    expect(columns.length).toBeLessThanOrEqual(9)
    expect(filterable(r).map((f) => f.name)).toContain('custom.level')
  })

  test('form: groups in the table’s order, custom fields behind them by position, ids and stamps only where they exist', () => {
    const groups = formGroups(r, true)
    expect(groups.map((g) => g.name)).toEqual(['basic', 'more', 'custom'])
    expect(groups[2]?.fields.map((f) => f.name)).toEqual(['custom.note', 'custom.place', 'custom.level'])
    expect(groups[0]?.fields.map((f) => f.name)).not.toContain('created_at')
    expect(formGroups(r, false)[0]?.fields.map((f) => f.name)).toContain('created_at')
  })

  test('dependent fields and references follow the values beside them', () => {
    expect(applies(get('until'), { kind: 'a' })).toBe(true)
    expect(applies(get('until'), { kind: 'b' })).toBe(false)
    expect(refOf(get('target_id'), { target_kind: 'queue' })).toBe('queues')
    expect(refOf(get('target_id'), { target_kind: 'none' })).toBeUndefined()
  })

  test('custom fields are read from and written into their own object', () => {
    expect(valueOf({ custom: { level: 'x' } }, 'custom.level')).toBe('x')
    expect(bodyOf({ name: 'n', 'custom.level': 'x', 'custom.note': null })).toEqual({ name: 'n', custom: { level: 'x', note: null } })
  })

  test('related lists are the resources that point here', () => {
    const orders = { ...everything, name: 'orders', fields: [field('thing_id', 'uuid', { ref: 'things' }), field('tenant_id', 'uuid', { ref: 'things' })] }
    const hidden = { ...orders, name: 'hidden', can: { ...orders.can, list: false } }
    expect(relatedTo('things', [everything, orders, hidden]).map((x) => `${x.meta.name}.${x.field.name}`)).toEqual(['orders.thing_id'])
  })
})
