// A value as a person reads it.
import { formatMoment, labelOf } from '../i18n'
import { e } from '../i18n/engine'
import { dictionaryLabel } from '../stores/dictionaries'
import { labelOfRow } from '../stores/labels'
import { shownNumber } from '../stores/number-formats'
import { refOf, valueOf, type Field } from './fields'

const two = (n: number): string => String(n).padStart(2, '0')
const unitsOfBytes = ['B', 'kB', 'MB', 'GB', 'TB']

export function formatBytes(bytes: number): string {
  let n = bytes
  let unit = 0
  for (; n >= 1000 && unit < unitsOfBytes.length - 1; unit++) n /= 1000
  return `${unit && n < 100 ? n.toFixed(1) : Math.round(n)} ${unitsOfBytes[unit]}`
}

export function formatDuration(value: number, unit: string | undefined): string {
  const all = unit === 'ms' ? value / 1000 : value
  const s = Math.floor(all)
  const text = `${Math.floor(s / 60) % 60}:${two(s % 60)}`
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : text
}

function one(f: Field, value: unknown): string {
  const choice = f.choices.find((c) => c.value === value)
  if (choice) return labelOf({ zh: choice.zh, en: choice.en })
  const dictionary = f.meta.dictionary ?? f.meta.dictionary_id
  return (dictionary && dictionaryLabel(dictionary, String(value))) || String(value)
}

function numberText(f: Field, value: number): string {
  if (f.kind === 'duration') return formatDuration(value, f.meta.unit)
  if (f.meta.unit === 'B') return formatBytes(value)
  return f.meta.unit ? `${value} ${f.meta.unit}` : String(value)
}

/** Plain text of a html document, for a cell. */
const textOfHtml = (html: string): string => new DOMParser().parseFromString(html, 'text/html').body.textContent ?? ''

export function showValue(f: Field, value: unknown, row: Record<string, unknown> = {}): string {
  if (value === null || value === undefined || value === '') return ''
  if (typeof value === 'boolean') return value ? e.value.form.yes : e.value.form.no
  if (f.masked) return String(value)
  switch (f.kind) {
    case 'datetime':
      return formatMoment(String(value))
    case 'reference':
      return labelOfRow(refOf(f, row), value)?.label || String(value).slice(-8)
    case 'references':
      return (value as string[]).map((id) => labelOfRow(f.meta.ref, id)?.label || id.slice(-8)).join('、')
    case 'json':
      return JSON.stringify(value)
    case 'html':
      return textOfHtml(String(value))
    case 'phone':
      return shownNumber(String(value))
    case 'file':
      return e.value.form.download
    default:
  }
  if (typeof value === 'number') return numberText(f, value)
  if (Array.isArray(value)) return value.map((x) => one(f, x)).join(f.kind === 'cascade' ? ' / ' : '、')
  return typeof value === 'object' ? JSON.stringify(value) : one(f, value)
}

export const showField = (f: Field, row: Record<string, unknown>): string => showValue(f, valueOf(row, f.name), row)
