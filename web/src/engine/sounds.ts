// Which rows have a sound, where it is, and who may hear it.
import type { Row } from '../api/types'

interface Sound {
  permission: string
  /** It has a waveform beside it. */
  peaks?: boolean
  silent?: (row: Row) => boolean
}
const sounds: Record<string, Sound> = {
  prompts: { permission: 'prompts.read' },
  recordings: { permission: 'recordings.listen', peaks: true, silent: (row) => ['deleted', 'failed'].includes(String(row.state)) },
  voicemails: { permission: 'voicemails.listen' }
}

/** What the player needs of a row; null: there is nothing to hear (for this person). */
export function soundOf(resource: string, row: Row, may: (permission: string) => boolean): { path: string; peaks: boolean } | null {
  const s = sounds[resource]
  return s && may(s.permission) && !s.silent?.(row) ? { path: `/${resource}/${row.id}`, peaks: s.peaks ?? false } : null
}
