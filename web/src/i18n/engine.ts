// Texts of the generated pages; loaded with the first of them.
import { bilingual } from './bilingual'
import { en } from './engine.en'
import { zh } from './engine.zh'

export const e = bilingual(zh, en)
