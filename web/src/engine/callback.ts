// Rows that were left by somebody who can be called back: the server knows the number, also where it is shown masked.
import type { Row } from '../api/types'

/** Below /api/v1, to be posted; null: there is nobody to call, or nobody who calls. */
export const callbackOf = (resource: string, row: Row, isAgent: boolean): string | null => (resource === 'voicemails' && isAgent && row.caller ? `/voicemails/${row.id}/callback` : null)
