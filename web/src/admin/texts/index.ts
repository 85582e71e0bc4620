// Texts of the hand-made pages: `ta.roles.title`. They come with the first such page, not with the console.
import { bilingual } from '../../i18n/bilingual'
import { en } from './en'
import { zh } from './zh'

export const ta = bilingual(zh, en)
