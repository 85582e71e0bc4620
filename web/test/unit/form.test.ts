// @vitest-environment jsdom
import { beforeEach, describe, expect, test, vi } from 'vitest'

vi.stubGlobal('matchMedia', () => ({ matches: false }))
const { resourceOf } = await import('../../src/engine/fields')
const { cleanHtml } = await import('../../src/engine/html')
const { RowForm } = await import('../../src/stores/rowform')
const { FileUpload } = await import('../../src/stores/uploading')
const { buildMenu } = await import('../../src/stores/menu')
const { everything } = await import('./metas')

const resource = resourceOf(everything)
type Asked = { method: string; path: string; body: Record<string, unknown>; match: string | null }
let asked: Asked[] = []
let answers: ((a: Asked) => Response | undefined)[] = []
const json = (body: unknown, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers })

vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
  const a = { method: init.method ?? 'GET', path: url.replace('/api/v1', ''), body: init.body ? (JSON.parse(String(init.body)) as Record<string, unknown>) : {}, match: (init.headers as Record<string, string>)['If-Match'] ?? null }
  asked.push(a)
  for (const f of answers) {
    const answer = f(a)
    if (answer) return Promise.resolve(answer)
  }
  throw new Error(`nobody answers ${a.method} ${a.path}`)
})
beforeEach(() => {
  asked = []
  answers = []
})

describe('a row in a form', () => {
  const row = { id: 'r1', number: '1', name: 'old', kind: 'b', on: true, phone: '138****5678', custom: { level: null, note: 'n' } }
  const load = (a: Asked) => (a.method === 'GET' && a.path.startsWith('/things/r1?') ? json(row, 200, { ETag: '"1"' }) : undefined)

  test('a new one starts with defaults and what the URL says; only what says something is sent', async () => {
    answers = [(a) => (a.method === 'POST' ? json({ id: 'new', ...a.body }, 201) : undefined)]
    const form = new RowForm(resource, null)
    await form.begin({ kind: 'b' }, null)
    expect(form.at.values).toMatchObject({ on: true, kind: 'b' })
    Object.assign(form.at.values, { number: '7', name: '', until: '2026-01-01', 'custom.level': 'x' })
    expect(form.dirty.value).toBe(true)
    await form.save()
    expect(asked[0]?.body).toEqual({ number: '7', kind: 'b', on: true, custom: { level: 'x' } })
    expect(form.dirty.value).toBe(false)
  })

  test('a change sends what changed, with If-Match; a secret that is left empty stays', async () => {
    answers = [load, (a) => (a.method === 'PATCH' ? json({ ...row, ...a.body }, 200, { ETag: '"2"' }) : undefined)]
    const form = new RowForm(resource, 'r1')
    await form.load()
    expect(form.dirty.value).toBe(false)
    Object.assign(form.at.values, { name: 'new', 'custom.note': null, secret: '', phone: 'x' })
    await form.save()
    expect(asked[1]).toMatchObject({ method: 'PATCH', match: '"1"', body: { name: 'new', custom: { note: null } } })
    expect(form.at.etag).toBe('"2"')
  })

  test('refusals stand under their fields in the user’s language, the rest above', async () => {
    const errors = [{ field: 'number', rule: 'pattern', zh: '只能是数字', en: 'Digits only' }, { field: 'level', rule: 'enum', zh: '不在其中', en: 'Not one of them' }, { field: 'else', rule: 'x', zh: '别处', en: 'Elsewhere' }]
    answers = [(a) => (a.method === 'POST' ? json({ type: 'urn:zongji:problem:invalid', title: 'no', errors }, 422) : undefined)]
    const form = new RowForm(resource, null)
    await form.begin({ number: 'abc' }, null)
    expect(await form.save()).toBeNull()
    expect(form.at.faults).toEqual({ number: 'Digits only', 'custom.level': 'Not one of them' })
    expect(form.at.fault).toBe('Elsewhere')
  })

  test('somebody was faster: both sides are told, with who it was; mine goes over theirs but not over what only they changed', async () => {
    let version = 1
    const theirs = { ...row, name: 'theirs', number: '2' }
    const history = { items: [{ id: 'h', at: '2026-01-01T00:00:00Z', event: 'update', account: { id: 'a', label: 'Li' }, actor: null, via: 'api', source: null, changes: {} }], next: null }
    answers = [
      (a) => (a.path.includes('/history') ? json(history) : undefined),
      (a) => (a.method === 'GET' ? json(version === 1 ? row : theirs, 200, { ETag: `"${version}"` }) : undefined),
      (a) => (a.method === 'PATCH' ? (a.match === `"${version}"` ? json({ ...theirs, ...a.body }) : json({ type: 'urn:zongji:problem:changed' }, 412)) : undefined)
    ]
    const form = new RowForm(resource, 'r1')
    await form.load()
    form.at.values.name = 'mine'
    version = 2
    expect(await form.save()).toBeNull()
    expect(form.at.conflict).toMatchObject({ who: 'Li' })
    expect(form.at.conflict?.fields.map((f) => f.name)).toEqual(['number', 'name'])
    const saved = await form.keepMine()
    expect(saved).toMatchObject({ name: 'mine', number: '2' })
    expect(asked.at(-1)?.body).toEqual({ name: 'mine' })
  })
})

describe('uploads', () => {
  test('an interrupted one goes on with the parts that are missing', async () => {
    const got: number[] = []
    let broken = true
    answers = [
      (a) => (a.path === '/uploads' ? json({ id: 'u', part_bytes: 4, parts: 3, received: [] }, 201) : undefined),
      (a) => (a.path === '/uploads/u' ? json({ id: 'u', part_bytes: 4, parts: 3, received: [...got] }) : undefined),
      (a) => (a.path === '/uploads/u/complete' ? json({ id: 'u' }) : undefined)
    ]
    class Xhr {
      upload = { onprogress: null }
      status = 0
      responseText = '{"type":"urn:zongji:problem:too_large","title":"no"}'
      onload: () => void = () => undefined
      private n = 0
      open(_: string, url: string) { this.n = Number(url.split('/').pop()) }
      setRequestHeader() { /* not looked at */ }
      abort() { /* never is */ }
      send() {
        this.status = broken && this.n === 2 ? 413 : 204
        if (this.status === 204) got.push(this.n)
        queueMicrotask(() => this.onload())
      }
    }
    vi.stubGlobal('XMLHttpRequest', Xhr)
    const up = new FileUpload()
    await expect(up.start(new File(['0123456789'], 'a.csv'), 'import')).rejects.toThrow()
    expect([up.at.state, got]).toEqual(['paused', [1]])
    broken = false
    expect(await up.resume()).toBe('u')
    expect([up.at.state, up.at.sent, got]).toEqual(['complete', 10, [1, 2, 3]])
  })
})

describe('formatted text', () => {
  test('keeps what is text, drops what could act', () => {
    const dirty = '<p onclick="x()">a<script>x()</script><b style="position:fixed">b</b><img src=x onerror=x()><a href="javascript:x()">c</a><iframe src="//e"></iframe><svg><a xlink:href="javascript:x()">d</a></svg><a href="https://e.test">e</a></p>'
    const clean = cleanHtml(dirty)
    expect(clean).not.toMatch(/script|onclick|onerror|style|iframe|svg|javascript/i)
    expect(clean).toContain('<b>b</b>')
    expect(clean).toContain('<a href="https://e.test">e</a>')
  })
})

describe('the menu', () => {
  const page = (name: string, more = {}) => ({ name, path: `/${name}`, menu: 'crm' as const, order: 1, permission: '', zh: name, en: name, component: () => Promise.reject(new Error('not opened')), ...more })
  const who = { carrier: false, may: (p: string) => p !== 'secret.read' }
  const groups = ['live', 'pbx', 'crm', 'other'].map((name) => ({ name, zh: name, en: name }))
  const names = (groups: ReturnType<typeof buildMenu>) => groups.map((g) => `${g.name}:${g.entries.map((x) => x.name).join('+')}`)
  const other = { ...everything, name: 'others', menu: 'pbx', order: 1 }

  test('has what one may see, in groups; hand-made pages stand in for their resource; what has no group has no entry', () => {
    const resources = [everything, other, { ...everything, name: 'joined', menu: undefined as unknown as string }, { ...everything, name: 'barred', can: { ...everything.can, list: false } }]
    const pages = [page('first'), page('hidden', { permission: 'secret.read' }), page('boss', { side: 'carrier' }), page('mine', { order: 9, menu: 'crm' })]
    expect(names(buildMenu(groups, [...resources, { ...everything, name: 'replaced', page: 'mine' }], pages, who))).toEqual(['pbx:others', 'crm:first+things+mine'])
  })

  test('what names a group that the server has not told of stands in the last one', () => {
    expect(names(buildMenu(groups, [{ ...everything, menu: 'unheard' }], [page('lost', { menu: 'nowhere', order: 9 })], who))).toEqual(['other:things+lost'])
  })

  test('follows the order that the tenant chose', () => {
    const order = [{ name: 'crm', items: ['things', 'a'] }, { name: 'pbx', items: ['others'] }]
    expect(names(buildMenu(groups, [{ ...everything, name: 'a', order: 1 }, everything, other], [page('late', { order: 99 })], who, order))).toEqual(['crm:things+a+late', 'pbx:others'])
  })
})
