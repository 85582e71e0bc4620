// Who is logged in, what they may do, and (for the carrier) which tenant they have entered.
import { computed, reactive } from 'vue'
import { api } from '../api/client'
import { identify, Problem, watchSession } from '../api/http'
import type { Row, Session } from '../api/types'
import { follow, unfollow } from './live'
import { forgetMeta, loadMeta } from './meta'
import { suggestLang } from './prefs'

export const session = reactive({
  /** null: not asked yet, or not logged in. */
  current: null as Session | null,
  asked: false,
  /** Why the last session ended, for the login page. */
  ended: '' as '' | 'session',
  /** The tenant that a carrier account looks into; '' for one's own. */
  entered: '',
  tenants: [] as Row[]
})

const forgetters: (() => void)[] = []

/** `h` runs when another account or tenant comes: what was learnt of the last one is no longer true. */
export function whenForgotten(h: () => void): void {
  forgetters.push(h)
}

function forget(): void {
  forgetMeta()
  for (const h of forgetters) h()
}

const enteredKey = 'zj.entered'

export const isCarrier = computed(() => session.current?.tenant.kind === 'carrier')
export const timeZone = computed(() => session.current?.tenant.time_zone ?? 'Asia/Shanghai')

/** The same rule as the server's, for hiding what would be refused. */
export function may(permission: string): boolean {
  const [resource, kind] = permission.split('.')
  const written = ['create', 'update', 'delete', 'import'].includes(kind ?? '')
  return (session.current?.permissions ?? []).some((p) => p === '*' || p === permission || p === `${resource}.*` || (written && p === `${resource}.write`))
}

function begin(s: Session): void {
  session.current = s
  session.ended = ''
  identify({ csrf: s.csrf, tenant: session.entered })
  suggestLang(s.tenant.language)
  if (s.tenant.kind !== 'carrier') follow('', lost)
  else void loadTenants()
  forget()
  void loadMeta()
}

function clear(ended: '' | 'session'): void {
  unfollow()
  forget()
  session.current = null
  session.entered = ''
  session.tenants = []
  session.ended = ended
  identify({ csrf: '', tenant: '' })
}

function lost(): void {
  if (session.current) clear('session')
}

async function loadTenants(): Promise<void> {
  const page = await api.tenants().catch(() => null)
  session.tenants = (page?.items ?? []).filter((row) => row.kind !== 'carrier')
  if (!may('tenants.enter') || session.entered) return
  const row = session.tenants.find((x) => x.id === sessionStorage.getItem(enteredKey))
  if (row) enterTenant(String(row.id))
}

/** A carrier account looks into a tenant: every later request and the events are that tenant's. '' leads back to its own data. */
export function enterTenant(id: string, row?: Row): void {
  if (!session.current) return
  if (row && !session.tenants.some((x) => x.id === id)) session.tenants.push(row)
  session.entered = id
  sessionStorage.setItem(enteredKey, id)
  identify({ csrf: session.current.csrf, tenant: id })
  if (id) follow(id, lost)
  else unfollow()
  forget()
  void loadMeta()
}

/** What a reloaded page asks first. A network fault is thrown: it does not mean that nobody is logged in. */
export async function restore(): Promise<void> {
  try {
    begin(await api.session())
  } catch (e) {
    if (!(e instanceof Problem) || e.status !== 401) throw e
    session.ended = ''
  }
  session.asked = true
}

export async function login(tenant: string, username: string, password: string, code = ''): Promise<void> {
  begin(await api.login({ ...(tenant && { tenant }), username, password, ...(code && { code }) }))
  session.asked = true
}

/** Logs out; from acting for somebody, back to oneself. */
export async function logout(): Promise<void> {
  if (session.current?.actor) return stopActing()
  await api.logout().catch(() => undefined)
  clear('')
}

/** Somebody else's session begins in this browser, and ours waits behind it ("log in as"). */
export function actAs(s: Session): void {
  clear('')
  begin(s)
}

/** Ends acting for somebody else: the server goes back to our own session. */
export async function stopActing(): Promise<void> {
  await api.logout()
  clear('')
  await restore()
}

/** Asks again who we are: after a new password or a second factor nothing is refused any more. */
export async function afresh(): Promise<void> {
  clear('')
  await restore()
}

watchSession(lost)
