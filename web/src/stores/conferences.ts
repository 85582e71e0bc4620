// Conference rooms and who is in them now, asked for again every two seconds while the page is looked at; and what is done about them.
import { reactive } from 'vue'
import { api } from '../api/client'
import { request } from '../api/http'
import type { Page, Row } from '../api/types'
import { problemText } from '../i18n'

/** What is shown of a room, and of an agent that may be invited. */
export interface Named {
  id: string
  number: string
  name: string
}
export const named = (r: Row): Named => ({ id: String(r.id), number: String(r.number), name: String(r.name) })

/** A telephone that may be invited, with whose it is. */
export interface Phone extends Named {
  account: string
}
export async function phonesOf(): Promise<Phone[]> {
  const { items } = await api.list('extensions', { limit: 200, sort: 'number', expand: 'account_id' })
  return items.map((r) => ({ ...named(r), name: String(r.name ?? ''), account: (r.expand as { account_id?: { label?: string } | null } | undefined)?.account_id?.label ?? '' }))
}

export interface Member {
  id: string
  number: string
  name: string
  state: string
  admin: boolean
  muted: boolean
  talking: boolean
}
export interface Conference {
  id: string
  number: string
  name: string
  locked: boolean
  muted: boolean
  recording: boolean
  count: number
  members: Member[]
}

const everyMs = 2000

export class ConferenceWatch {
  readonly at = reactive({ rooms: [] as Named[], now: new Map<string, Conference>(), fault: '', loaded: false })
  private timer: ReturnType<typeof setTimeout> | undefined
  private over = false

  async look(): Promise<void> {
    clearTimeout(this.timer)
    if (!document.hidden)
      try {
        if (!this.at.loaded) this.at.rooms = (await api.list('rooms', { limit: 200, sort: 'number' })).items.map(named)
        const { items } = await request<Page<Conference>>('GET', '/conferences')
        this.at.now = new Map(items.map((c) => [c.id, c]))
        Object.assign(this.at, { fault: '', loaded: true })
      } catch (e) {
        this.at.fault = problemText(e)
      }
    if (!this.over) this.timer = setTimeout(() => void this.look(), everyMs)
  }

  /** 'invite', 'kick', 'mute', 'lock', 'record' or 'end'; what was refused stands in the fault. */
  async act(room: string, what: string, body: Record<string, unknown> = {}): Promise<boolean> {
    try {
      await request('POST', `/conferences/${room}/${what}`, body)
    } catch (e) {
      this.at.fault = problemText(e)
      return false
    }
    await this.look()
    return true
  }

  stop(): void {
    this.over = true
    clearTimeout(this.timer)
  }
}
