// Texts of one part of the console, loaded with it: `const e = bilingual(zh, en)`, then `e.value.title`.
import { computed, type ComputedRef } from 'vue'
import { prefs } from '../stores/prefs'

export const bilingual = <T>(zh: T, en: T): ComputedRef<T> => computed(() => (prefs.lang === 'zh' ? zh : en))
