// The console was replaced under an open page (an upgrade): what it fetches when needed has other names now. The page is loaded anew where
// it wanted to go; once, for a part that is missing altogether must not make it turn in circles.
import type { Router } from 'vue-router'

const key = 'zj.reloaded'
const againAfterMs = 20_000

/** A part of the console could not be fetched: the browsers' words for it. */
const isGone = (e: unknown): boolean => /dynamically imported module|Importing a module script failed|preload CSS/i.test(e instanceof Error ? e.message : '')

function anew(hash: string): void {
  if (Date.now() - Number(sessionStorage.getItem(key) ?? 0) < againAfterMs) return
  sessionStorage.setItem(key, String(Date.now()))
  location.hash = hash
  location.reload()
}

export function watchUpgrade(router: Router): void {
  let target = ''
  const gone = async (): Promise<void> => {
    if (await isThere()) anew(target)
  }
  router.beforeEach((to) => void (target = `#${to.fullPath}`))
  router.onError((e: unknown) => void (isGone(e) && gone()))
  addEventListener('vite:preloadError', () => void gone())
}

/** Is the server there at all? A lost network is no upgrade. */
async function isThere(): Promise<boolean> {
  return fetch('/', { cache: 'no-store' }).then((a) => a.ok, () => false)
}
