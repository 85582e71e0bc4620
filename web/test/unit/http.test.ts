import { afterEach, describe, expect, it, vi } from 'vitest'
import { listPath } from '../../src/api/client'
import { identify, Problem, request, watchSession } from '../../src/api/http'

function answers(status: number, body: unknown, headers: Record<string, string> = {}): ReturnType<typeof vi.fn> {
  const f = vi.fn(async () => new Response(status === 204 ? null : JSON.stringify(body), { status, headers }))
  vi.stubGlobal('fetch', f)
  return f
}
const headersOf = (f: ReturnType<typeof vi.fn>): Record<string, string> => ((f.mock.calls[0] as [string, RequestInit])[1].headers ?? {}) as Record<string, string>

afterEach(() => {
  vi.unstubAllGlobals()
  identify({ csrf: '', tenant: '' })
  watchSession(() => undefined)
})

describe('requests', () => {
  it('writes carry the CSRF text, reads do not; an entered tenant goes with both', async () => {
    identify({ csrf: 'x', tenant: 't1' })
    const post = answers(204, null)
    await expect(request('POST', '/logout', {})).resolves.toBeUndefined()
    expect(headersOf(post)).toMatchObject({ 'X-Zj-Csrf': 'x', 'X-Zj-Tenant': 't1' })
    const get = answers(200, { a: 1 })
    await expect(request('GET', '/session')).resolves.toEqual({ a: 1 })
    expect(headersOf(get)).not.toHaveProperty('X-Zj-Csrf')
    expect(headersOf(get)).toMatchObject({ 'X-Zj-Tenant': 't1' })
  })

  it('a problem keeps what the API said', async () => {
    answers(422, { type: 'urn:zongji:problem:invalid', title: 'The request has faults', request: 'r1', errors: [{ field: 'number', rule: 'pattern', zh: '错', en: 'wrong' }] })
    const e = await request('GET', '/x').catch((x: unknown) => x)
    expect(e).toBeInstanceOf(Problem)
    expect(e).toMatchObject({ status: 422, kind: 'invalid', request: 'r1', errors: [{ field: 'number' }] })
  })

  it('an answer that is no JSON, and no answer at all, are problems too', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => new Response('<html>', { status: 502, headers: { 'Retry-After': '3' } })))
    await expect(request('GET', '/x')).rejects.toMatchObject({ status: 502, kind: 'unknown', retryAfter: 3 })
    vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('down') }))
    await expect(request('GET', '/x')).rejects.toMatchObject({ status: 0, kind: 'network' })
  })

  it('only a lost session is told, not a wrong password', async () => {
    const told = vi.fn()
    watchSession(told)
    answers(401, { type: 'urn:zongji:problem:login' })
    await request('POST', '/login', {}).catch(() => undefined)
    expect(told).not.toHaveBeenCalled()
    answers(401, { type: 'urn:zongji:problem:session' })
    await request('GET', '/calls').catch(() => undefined)
    expect(told).toHaveBeenCalledOnce()
  })

  it('list queries are written as the API reads them; empty filters are left out', () => {
    expect(decodeURIComponent(listPath('calls', { limit: 50, sort: '-id', cursor: 'c', filter: { '[caller][contains]': '138', '[result]': '' } }))).toBe('/calls?limit=50&sort=-id&cursor=c&filter[caller][contains]=138')
    expect(listPath('queues', {})).toBe('/queues')
  })
})
