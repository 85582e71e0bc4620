// Texts in two languages. `t.queue.title` is typed: a text that is missing in one language does not compile.
import { computed } from 'vue'
import { Problem } from '../api/http'
import type { FieldFault } from '../api/http'
import { prefs } from '../stores/prefs'
import { timeZone } from '../stores/session'
import { en } from './en'
import { zh } from './zh'

export const t = computed(() => (prefs.lang === 'zh' ? zh : en))

/** Puts values into `{name}` places. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
}

/** A name for a code that the console may not know yet: then the code itself. */
export function nameOf(names: Record<string, string>, code: string | null | undefined): string {
  return code ? (names[code] ?? code) : ''
}

export const labelOf = (x: { zh: string; en: string; name?: string }): string => x[prefs.lang] || x.en || x.name || ''

export function faultText(fault: FieldFault): string {
  return fault[prefs.lang] || fault.en || fault.rule
}

/** What a person should read about a failed request. */
export function problemText(e: unknown): string {
  const p = t.value.problem
  if (!(e instanceof Problem)) return fill(p.unknown, { status: String(e) })
  if (e.kind === 'network') return p.network
  if (e.status === 503) return p.away
  if (e.status === 403) return p.permission
  if (e.status === 404) return p.notFound
  const first = e.errors[0]
  const text = first ? faultText(first) : e.detail || e.title || fill(p.unknown, { status: e.status })
  return e.request ? `${text} · ${fill(p.request, { id: e.request })}` : text
}

const two = (n: number): string => String(n).padStart(2, '0')

/** 0:07, 12:30, 1:02:03: what a glance can read. */
export function formatAge(seconds: number): string {
  const h = Math.floor(seconds / 3600)
  const m = Math.floor((seconds % 3600) / 60)
  return h ? `${h}:${two(m)}:${two(seconds % 60)}` : `${m}:${two(seconds % 60)}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(kind: 'time' | 'moment', zone: string): Intl.DateTimeFormat {
  const key = `${kind} ${zone}`
  let f = formats.get(key)
  if (!f) {
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone: zone } as const
    // sv-SE writes 2026-11-20 23:05:09, which both languages read without a second thought.
    f = new Intl.DateTimeFormat('sv-SE', kind === 'time' ? time : { year: 'numeric', month: '2-digit', day: '2-digit', ...time })
    formats.set(key, f)
  }
  return f
}

export const formatTime = (ms: number): string => format('time', timeZone.value).format(ms)
export const formatMoment = (text: string | null | undefined): string => (text ? format('moment', timeZone.value).format(Date.parse(text)) : '')
export const formatShare = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)}%`)
