// Trunks as they are now: what the edge says of each, asked for again every few seconds while the page is looked at.
import { reactive } from 'vue'
import { request } from '../api/http'
import { problemText } from '../i18n'

export interface TrunkHost {
  id: string
  host: string
  port: number
  state: 'unknown' | 'up' | 'down'
  ms?: number
  /** Why TLS to it failed. */
  because?: string
}
export interface LiveTrunk {
  trunk: string
  name: string
  identifier: string
  type: 'address' | 'registration'
  tenant_id: string
  tenant?: string | null
  city: string
  state: string
  registration: string
  calls: number
  max_calls?: number
  attempts: number
  answered: number
  failures: number
  hosts: TrunkHost[]
}

/** What needs a look: not what somebody chose (disabled, outside of its hours). */
export const isTrouble = (x: LiveTrunk): boolean => !['ok', 'disabled', 'closed'].includes(x.state) || x.hosts.some((h) => h.state === 'down')
/** In trouble first, then by name. */
export const sorted = (items: LiveTrunk[]): LiveTrunk[] => [...items].sort((a, b) => Number(isTrouble(b)) - Number(isTrouble(a)) || a.name.localeCompare(b.name, 'en', { numeric: true }))
export const matches = (x: LiveTrunk, word: string): boolean => [x.name, x.identifier, x.tenant ?? '', ...x.hosts.map((h) => h.host)].join(' ').toLowerCase().includes(word.trim().toLowerCase())

const everyMs = 3000

export class TrunkWatch {
  readonly at = reactive({ items: [] as LiveTrunk[], fault: '', loaded: false })
  private timer: ReturnType<typeof setTimeout> | undefined
  private over = false

  async look(): Promise<void> {
    clearTimeout(this.timer)
    if (!document.hidden)
      try {
        const items = (await request<{ items: LiveTrunk[] }>('GET', '/live/trunks')).items
        Object.assign(this.at, { items, fault: '', loaded: true })
      } catch (e) {
        this.at.fault = problemText(e)
      }
    if (!this.over) this.timer = setTimeout(() => void this.look(), everyMs)
  }

  stop(): void {
    this.over = true
    clearTimeout(this.timer)
  }
}
