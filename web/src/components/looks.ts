// How states look. One table, so that mark, bar and legend agree.
import type { AgentState, CallPlace } from '../api/types'

export interface StateLook {
  colour: string
  shape: 'dot' | 'ring' | 'bell' | 'bar' | 'half' | 'cross'
}

export const stateLook: Record<AgentState, StateLook> = {
  idle: { colour: 'var(--idle)', shape: 'ring' },
  ringing: { colour: 'var(--ring)', shape: 'bell' },
  reserved: { colour: 'var(--ring)', shape: 'bell' },
  talking: { colour: 'var(--talk)', shape: 'dot' },
  after_call: { colour: 'var(--after)', shape: 'half' },
  busy: { colour: 'var(--busy)', shape: 'bar' },
  outbound_only: { colour: 'var(--outbound)', shape: 'half' },
  offline: { colour: 'var(--bad)', shape: 'cross' },
  signed_out: { colour: 'var(--away)', shape: 'cross' }
}

export const placeColour: Record<CallPlace, string> = {
  queue: 'var(--ring)',
  ring: 'var(--outbound)',
  hold: 'var(--busy)',
  ivr: 'var(--after)',
  talk: 'var(--talk)',
  ended: 'var(--away)'
}

export const segmentColour: Record<string, string> = {
  talk: 'var(--talk)', conference: 'var(--talk)', barge: 'var(--talk)', consult: 'var(--outbound)', listen: 'var(--outbound)', whisper: 'var(--outbound)',
  queue: 'var(--ring)', ring: 'var(--outbound)', hold: 'var(--busy)', park: 'var(--busy)', ivr: 'var(--after)', voicemail: 'var(--after)', fax: 'var(--after)'
}

/** The order of the bar of agents: from free to gone. */
export const barOrder: AgentState[] = ['idle', 'reserved', 'ringing', 'talking', 'after_call', 'busy', 'outbound_only', 'offline']
