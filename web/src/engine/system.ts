// Rows that belong to no tenant: seen by all, changed by the carrier alone, and not to be chosen where a tenant's own row is meant.
import type { Row } from '../api/types'
import { isCarrier, session } from '../stores/session'

const atHome = (): boolean => isCarrier.value && !session.entered

export const isForeign = (row: Row): boolean => row.system === true && !atHome()
/** What choices of these rows are narrowed to. */
export const ownOf = (target: string | undefined): Record<string, string> | undefined => (target === 'prompts' && !atHome() ? { system: 'false' } : undefined)
