// One way to talk to the API: JSON in, JSON out, faults as Problem.
// Who asks (CSRF text, the tenant that a carrier entered) is told once by the session store through `identify`.

export interface FieldFault {
  field: string
  rule: string
  zh: string
  en: string
}

/** An application/problem+json answer, or a lost connection (status 0, kind 'network'). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
    readonly request: string,
    readonly errors: FieldFault[],
    readonly retryAfter: number | null
  ) {
    super(detail || title)
    this.name = 'Problem'
  }
}

interface Identity {
  csrf: string
  tenant: string
}

const base = '/api/v1'
let identity: Identity = { csrf: '', tenant: '' }
let onSessionLost: () => void = () => undefined

export function identify(next: Identity): void {
  identity = next
}

/** `h` is called when the server no longer knows our session. */
export function watchSession(h: () => void): void {
  onSessionLost = h
}

function headersFor(method: string, body: unknown): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && identity.csrf) headers['X-Zj-Csrf'] = identity.csrf
  if (identity.tenant) headers['X-Zj-Tenant'] = identity.tenant
  return headers
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

async function problemOf(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>
  const kind = text(body.type).split(':').pop() ?? ''
  const retry = Number(answer.headers.get('Retry-After'))
  const errors = Array.isArray(body.errors) ? (body.errors as FieldFault[]) : []
  const request = text(body.request) || (answer.headers.get('X-Request-Id') ?? '')
  return new Problem(answer.status, kind || 'unknown', text(body.title), text(body.detail), request, errors, retry > 0 ? retry : null)
}

export interface Answer<T> {
  body: T
  status: number
  etag: string | null
}

export interface Options {
  signal?: AbortSignal | undefined
  /** If-Match: the change is refused (412) when somebody else was faster. */
  match?: string | null | undefined
}

async function send(method: string, path: string, body: unknown, o: Options): Promise<Response> {
  const init: RequestInit = { method, headers: headersFor(method, body), credentials: 'same-origin' }
  if (o.match) (init.headers as Record<string, string>)['If-Match'] = o.match
  if (body !== undefined) init.body = JSON.stringify(body)
  if (o.signal) init.signal = o.signal
  try {
    return await fetch(base + path, init)
  } catch (e) {
    if (o.signal?.aborted) throw e
    throw new Problem(0, 'network', '', '', '', [], null)
  }
}

/** A request with what stands beside its answer's body. */
export async function exchange<T>(method: string, path: string, body?: unknown, o: Options = {}): Promise<Answer<T>> {
  const answer = await send(method, path, body, o)
  if (!answer.ok) throw await refused(answer)
  const text = answer.status === 204 ? '' : await answer.text()
  return { body: (text ? JSON.parse(text) : undefined) as T, status: answer.status, etag: answer.headers.get('ETag') }
}

async function refused(answer: Response): Promise<Problem> {
  const problem = await problemOf(answer)
  if (problem.status === 401 && problem.kind === 'session') onSessionLost()
  return problem
}

export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return (await exchange<T>(method, path, body, { signal })).body
}

/** Sends bytes as they are and tells how many have gone; for parts of uploads. */
export function sendBytes(path: string, bytes: Blob, onProgress: (sent: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const x = new XMLHttpRequest()
    x.open('PUT', base + path)
    for (const [name, value] of Object.entries(headersFor('PUT', undefined))) x.setRequestHeader(name, value)
    x.setRequestHeader('Content-Type', 'application/octet-stream')
    x.upload.onprogress = (e) => onProgress(e.loaded)
    x.onload = () => (x.status < 300 ? done() : void refused(new Response(x.responseText, { status: x.status })).then(fail))
    x.onerror = () => fail(new Problem(0, 'network', '', '', '', [], null))
    x.onabort = () => fail(new DOMException('aborted', 'AbortError'))
    signal.addEventListener('abort', () => x.abort(), { once: true })
    x.send(bytes)
  })
}

/** Where a browser itself fetches something of one's own tenant; who has entered another uses `download`. */
export const fileUrl = (path: string): string => base + path

/** Saves a file that the server makes or keeps. The tenant that a carrier entered goes along in a head, which a link cannot. */
export async function download(path: string, name: string): Promise<void> {
  const answer = await send('GET', path, undefined, {})
  if (!answer.ok) throw await refused(answer)
  const told = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(answer.headers.get('Content-Disposition') ?? '')?.[1]
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await answer.blob())
  link.download = told ? decodeURIComponent(told) : name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
