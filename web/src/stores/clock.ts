// One clock for every counting time on the page: the server's, ticking on the second.
// The server's clock is learnt from messages: a message can only be late, so the smallest lag seen is the best guess.
import { ref } from 'vue'

const now = ref(Date.now())
let offsetMs: number | null = null
let timer: ReturnType<typeof setTimeout> | undefined

/** The server's time in ms, renewed every second. */
export const clock = now

export function serverNow(): number {
  return Date.now() + (offsetMs ?? 0)
}

export function learnServerTime(ms: number): void {
  if (!Number.isFinite(ms)) return
  const offset = ms - Date.now()
  if (offsetMs === null || offset > offsetMs) offsetMs = offset
}

/** After a reconnection: the machine may have slept, or its clock was set. */
export function forgetServerTime(): void {
  offsetMs = null
}

function tick(): void {
  now.value = serverNow()
  timer = setTimeout(tick, 1000 - (now.value % 1000) + 5)
}

export function startClock(): void {
  if (timer === undefined) tick()
}

export function stopClock(): void {
  clearTimeout(timer)
  timer = undefined
}
