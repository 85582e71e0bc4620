// Ranges of time as they are kept in the URL: a word that stays relative (`today`), or `from~to`, either of them open.
// Days are days of the tenant's time zone.

export const quickRanges = ['today', 'yesterday', 'last7', 'last30', 'week', 'month', 'lastmonth'] as const
export type QuickRange = (typeof quickRanges)[number]

interface Day {
  y: number
  m: number
  d: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string): Intl.DateTimeFormat {
  let f = formats.get(zone)
  if (!f) {
    f = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
    formats.set(zone, f)
  }
  return f
}

/** A moment's wall clock in a zone, as if it were UTC. */
function wall(ms: number, zone: string): number {
  const p = Object.fromEntries(format(zone).formatToParts(ms).map((x) => [x.type, Number(x.value)]))
  return Date.UTC(p.year ?? 0, (p.month ?? 1) - 1, p.day, p.hour, p.minute, p.second)
}

/** The moment at which a zone's clock shows what `utc` shows as UTC. Two steps settle a change of the clock in between. */
export function atWall(utc: number, zone: string): number {
  const guess = utc - (wall(utc, zone) - utc)
  return guess - (wall(guess, zone) - utc)
}

const dayOf = (ms: number, zone: string): Day => {
  const d = new Date(wall(ms, zone))
  return { y: d.getUTCFullYear(), m: d.getUTCMonth(), d: d.getUTCDate() }
}

const dayText = (utc: number): string => new Date(utc).toISOString().slice(0, 10)

/** First and last day (UTC midnights that stand for days). */
function days(range: QuickRange, today: Day): [number, number] {
  const at = (y: number, m: number, d: number): number => Date.UTC(y, m, d)
  const { y, m, d } = today
  const weekday = (new Date(at(y, m, d)).getUTCDay() + 6) % 7
  switch (range) {
    case 'today':
      return [at(y, m, d), at(y, m, d)]
    case 'yesterday':
      return [at(y, m, d - 1), at(y, m, d - 1)]
    case 'last7':
      return [at(y, m, d - 6), at(y, m, d)]
    case 'last30':
      return [at(y, m, d - 29), at(y, m, d)]
    case 'week':
      return [at(y, m, d - weekday), at(y, m, d - weekday + 6)]
    case 'month':
      return [at(y, m, 1), at(y, m + 1, 0)]
    case 'lastmonth':
      return [at(y, m - 1, 1), at(y, m, 0)]
  }
}

const isQuick = (text: string): text is QuickRange => (quickRanges as readonly string[]).includes(text)
const dayMs = 86_400_000

/** From and to as the api takes them; '' for an open end. `byDay`: the field holds days, not moments. */
export function rangeOf(text: string, zone: string, now: number, byDay: boolean): [string, string] {
  if (!isQuick(text)) {
    const [from = '', to = ''] = text.split('~')
    return [from, to]
  }
  const [a, b] = days(text, dayOf(now, zone))
  if (byDay) return [dayText(a), dayText(b)]
  return [new Date(atWall(a, zone)).toISOString(), new Date(atWall(b + dayMs, zone) - 1).toISOString()]
}

const spaced = (utc: number): string => new Date(utc).toISOString().slice(0, 19).replace('T', ' ')

/** A moment as the wall clock of a zone shows it: `2026-11-21 09:30:00`; and back. */
export const toWall = (moment: string, zone: string): string => spaced(wall(Date.parse(moment), zone))
export const fromWall = (text: string, zone: string): string => new Date(atWall(Date.parse(`${text.replace(' ', 'T')}Z`), zone)).toISOString()
