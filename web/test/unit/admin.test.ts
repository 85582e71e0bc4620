import { describe, expect, it } from 'vitest'
import { auditParams, changesOf, freshFilter } from '../../src/admin/audit'
import { browserOf } from '../../src/admin/browser'
import { csv } from '../../src/admin/csv'
import { bodyOfField, defaultOf, draftOfField, faultsOfField } from '../../src/admin/customfields'
import { memberChanges } from '../../src/admin/members'
import { defaultRules, generate, hasRun, judge, passes } from '../../src/admin/password'
import { allNames, covers, lockOf, pack, part, put, spread } from '../../src/admin/permissions'
import { editBody, faultsOf, freshSetup, setupBody, setupCsv } from '../../src/admin/quick'
import { find, forest, idsBelow, move, visible } from '../../src/admin/tree'
import type { AuditRow, PermissionTree } from '../../src/admin/types'

const tree: PermissionTree = {
  modules: [
    {
      name: 'queues', zh: '队列', en: 'Queues',
      resources: [
        { name: 'queues', zh: '队列', en: 'Queues', kinds: ['read', 'create', 'update', 'delete', 'export', 'import'] },
        { name: 'agents', zh: '坐席', en: 'Agents', kinds: ['read', 'update'], special: [{ name: 'agents.control', zh: '', en: '' }], barred: ['agents.control'] }
      ]
    }
  ],
  show: [{ name: 'show.phone', zh: '', en: '' }]
}

describe('the permission matrix', () => {
  it('spreads wide permissions into ticks, as the server reads them', () => {
    expect([...spread(['queues.write'], tree)]).toEqual(['queues.create', 'queues.update', 'queues.delete', 'queues.import'])
    expect([...spread(['agents.*'], tree)]).toEqual(['agents.read', 'agents.update', 'agents.control'])
    expect(spread(['*'], tree).size).toBe(allNames(tree).length)
    expect(covers(['queues.write'], 'queues.read')).toBe(false)
    expect(covers(['queues.write'], 'queues.export')).toBe(false)
  })
  it('keeps what was written while all that it stands for stays ticked', () => {
    expect(pack(['*'], spread(['*'], tree), tree)).toEqual(['*'])
    const fewer = put(spread(['queues.*', 'agents.read'], tree), ['queues.export'], false, () => '')
    expect(pack(['queues.*', 'agents.read'], fewer, tree)).toEqual(['queues.read', 'queues.create', 'queues.update', 'queues.delete', 'queues.import', 'agents.read'])
  })
  it('keeps permissions that it does not show', () => {
    expect(pack(['future.read'], new Set(['agents.read']), tree)).toEqual(['future.read', 'agents.read'])
  })
  it('ticks a row, a column, a module, but never what is locked', () => {
    const names = allNames(tree)
    const lock = (name: string): string => lockOf(name, ['queues.*'], new Set(['queues.export']))
    const ticks = put(new Set<string>(), names, true, lock)
    expect([...ticks]).toEqual(['queues.read', 'queues.create', 'queues.update', 'queues.delete', 'queues.import'])
    expect(part(ticks, names)).toBe('some')
    expect(lock('agents.read')).toBe('beyond')
    expect(lock('queues.export')).toBe('barred')
    expect([...put(new Set(['agents.read']), ['agents.read'], false, lock)]).toEqual(['agents.read'])
  })
})

describe('trees', () => {
  const rows = [
    { id: 'a', name: 'A', position: 1 }, { id: 'b', name: 'B', position: 2 }, { id: 'c', name: 'C', parent_id: 'a', position: 1 }, { id: 'd', name: 'D', parent_id: 'c', position: 1 }, { id: 'x', name: 'X', parent_id: 'unseen', position: 9 }
  ]
  const roots = forest(rows)
  it('stand in order, orphans at the top', () => {
    expect(visible(roots, new Set()).map((n) => `${n.level}${n.id}`)).toEqual(['0a', '1c', '2d', '0b', '0x'])
    expect(visible(roots, new Set(['a'])).map((n) => n.id)).toEqual(['a', 'b', 'x'])
    expect(idsBelow(find(roots, 'a')!)).toEqual(['a', 'c', 'd'])
  })
  it('move with as few writes as possible, never into themselves', () => {
    expect(move(roots, 'a', 'd', 'into')).toBeNull()
    expect(move(roots, 'b', 'a', 'into')).toEqual([{ id: 'b', set: { parent_id: 'a' } }])
    expect(move(roots, 'c', 'b', 'before')).toEqual([{ id: 'c', set: { position: 2, parent_id: null } }, { id: 'b', set: { position: 3 } }, { id: 'x', set: { position: 4 } }])
    expect(move(roots, 'a', 'b', 'before')).toEqual([{ id: 'x', set: { position: 3 } }])
  })
})

describe('passwords', () => {
  it('are judged rule by rule', () => {
    const rules = { min_length: 8, classes: 3, no_runs: true }
    expect(judge('abc', rules)).toEqual({ length: false, classes: false, runs: true })
    expect(hasRun('x1234')).toBe(true)
    expect(hasRun('x9876')).toBe(true)
    expect(hasRun('xaaaa')).toBe(true)
    expect(hasRun('x1357')).toBe(false)
    expect(passes('Correct-horse-7', rules)).toBe(true)
    expect(passes('Correct-horse-1234', rules)).toBe(false)
    expect(judge('', { ...defaultRules, no_runs: true }).runs).toBe(false)
  })
  it('made at random keep every rule', () => {
    for (let i = 0; i < 200; i++) expect(passes(generate({ min_length: 10, classes: 4, no_runs: true }), { min_length: 10, classes: 4, no_runs: true })).toBe(true)
  })
})

describe('quick setup and edit', () => {
  const form = { ...freshSetup(), username_prefix: 'acme', first_extension: '8000' }
  it('say what is missing', () => {
    expect(faultsOf(form)).toEqual([])
    expect(faultsOf({ ...form, username_prefix: 'a b', first_extension: 'x', random: false, count: 0 })).toEqual(['count', 'username_prefix', 'first_extension', 'password_prefix'])
    expect(faultsOf({ ...form, objects: 'agents', first_extension: '' })).toEqual([])
  })
  it('send only what belongs to the chosen objects', () => {
    expect(setupBody({ ...form, objects: 'extensions' }, true)).not.toHaveProperty('first_agent')
    expect(setupBody({ ...form, accounts: 'given', account: 'id' }, true)).toMatchObject({ accounts: 'id', preview: true })
    expect(editBody('extensions', ['1'], { name: { prefix: '', suffix: '' }, password: { prefix: 'x', suffix: '' } }, {}, true, false)).toEqual({ resource: 'extensions', ids: ['1'], preview: false, affix: { password: { prefix: 'x', suffix: '' } }, reset_password: true })
  })
  it('keep the list as CSV in the order of columns that is asked for, harmless in a spreadsheet', () => {
    const text = setupCsv([{ username: 'acme0', account_password: '=1+1', extension: '8000', extension_password: 'a,"b"', agent: '5000', agent_password: null, email: null }], ['1', '2', '3', '4', '5', '6', '7'])
    expect(text).toBe('\ufeff1,2,3,4,5,6,7\r\n8000,"a,""b""",5000,,acme0,\'=1+1,\r\n')
    expect(csv([['-5', '-x']])).toBe("\ufeff-5,'-x\r\n")
  })
})

describe('the rest', () => {
  it('writes only the members that changed', () => {
    const members = [{ id: 'm1', account_id: 'a', admin: false }, { id: 'm2', account_id: 'b', admin: true }]
    expect(memberChanges(members, ['a', 'c'], ['a', 'c'])).toEqual({ add: [{ account_id: 'c', admin: true }], update: [{ id: 'm1', admin: true }], remove: ['m2'], any: true })
    expect(memberChanges(members, ['a', 'b'], ['b']).any).toBe(false)
  })
  it('reads the log: secrets are known to have changed, no more', () => {
    const row = { changes: { name: ['a', 'b'], password: [null, null], tags: [null, ['x']] } } as unknown as AuditRow
    expect(changesOf(row, '?')).toEqual([{ field: 'name', before: 'a', after: 'b' }, { field: 'password', before: '?', after: '?' }, { field: 'tags', before: '–', after: '["x"]' }])
    expect(auditParams({ ...freshFilter(), event: 'login', word: ' x ' })).toEqual({ 'filter[event]': 'login', 'filter[label][contains]': 'x' })
  })
  it('types the default of a custom field by its kind', () => {
    expect([defaultOf('integer', '7'), defaultOf('integer', '7.5'), defaultOf('decimal', '7.5'), defaultOf('multi', 'a， b'), defaultOf('date', '1.1.2026'), defaultOf('text', '')]).toEqual([7, undefined, 7.5, ['a', 'b'], undefined, null])
    const draft = { ...draftOfField({ resource: 'customers', type: 'single' }), name: 'reason', zh: '原因' }
    expect(faultsOfField(draft)).toEqual(['choices'])
    draft.choices = [{ value: '', zh: '关机', en: '', children: [] }]
    expect(bodyOfField(draft)).toMatchObject({ resource: 'customers', name: 'reason', choices: [{ value: '关机', zh: '关机', en: '关机' }], dictionary_id: null, mask: null })
    expect(bodyOfField({ ...draft, id: 'x' })).not.toHaveProperty('type')
  })
  it('names browsers', () => {
    expect(browserOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36')).toBe('Chrome 126 · Windows')
    expect(browserOf('curl/8.5.0')).toBe('curl')
  })
})
