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

export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, headers: headersFor(method, body), credentials: 'same-origin' }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (signal) init.signal = signal
  let answer: Response
  try {
    answer = await fetch(base + path, init)
  } catch (e) {
    if (signal?.aborted) throw e
    throw new Problem(0, 'network', '', '', '', [], null)
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T
  const problem = await problemOf(answer)
  if (problem.status === 401 && problem.kind === 'session') onSessionLost()
  throw problem
}
