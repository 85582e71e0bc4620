// What this browser's user prefers: language and theme. Kept in the browser; both are applied to <html> at once.
import { reactive, watchEffect } from 'vue'
import type { Lang } from '../api/types'

export type Theme = 'light' | 'dark'

const key = 'zj.prefs'

interface Prefs {
  lang: Lang
  theme: Theme
  /** False until the user has chosen: then the tenant's language counts. */
  langChosen: boolean
  menu: 'open' | 'rail'
  /** Groups of the menu that are folded. */
  folded: string[]
}

function stored(): Partial<Prefs> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Prefs>
  } catch {
    return {}
  }
}

function initial(): Prefs {
  const s = stored()
  const browserLang: Lang = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
  const browserTheme: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  return {
    lang: s.lang === 'zh' || s.lang === 'en' ? s.lang : browserLang,
    theme: s.theme === 'light' || s.theme === 'dark' ? s.theme : browserTheme,
    langChosen: s.langChosen === true,
    menu: s.menu === 'rail' || (!s.menu && innerWidth < 900) ? 'rail' : 'open',
    folded: Array.isArray(s.folded) ? s.folded : []
  }
}

export const prefs = reactive<Prefs>(initial())

export function setLang(lang: Lang): void {
  prefs.lang = lang
  prefs.langChosen = true
}

/** The tenant's language, unless the user chose one. */
export function suggestLang(lang: Lang): void {
  if (!prefs.langChosen) prefs.lang = lang
}

export function toggleTheme(): void {
  prefs.theme = prefs.theme === 'dark' ? 'light' : 'dark'
}

export function toggleMenu(): void {
  prefs.menu = prefs.menu === 'open' ? 'rail' : 'open'
}

export function toggleGroup(name: string): void {
  prefs.folded = prefs.folded.includes(name) ? prefs.folded.filter((x) => x !== name) : [...prefs.folded, name]
}

watchEffect(() => {
  document.documentElement.lang = prefs.lang === 'zh' ? 'zh-CN' : 'en'
  document.documentElement.classList.toggle('dark', prefs.theme === 'dark')
  try {
    localStorage.setItem(key, JSON.stringify(prefs))
  } catch {
    // A browser that keeps nothing still shows everything.
  }
})
