// The hand-made pages of administration, one line each (see ../pages/registry.ts).
import type { PageEntry } from '../pages/registry'

export const adminPages: PageEntry[] = []
