// What a user arranged (columns, widths, density …), kept on the server by key so that it is the same in every browser.
// Written at most every 600 ms; the page shows the new arrangement at once.
import { reactive } from 'vue'
import { preferences as server } from '../api/resources'
import { whenForgotten } from './session'

type Value = Record<string, unknown>

const kept = reactive(new Map<string, Value>())
let asked: Promise<void> | null = null
const waiting = new Map<string, ReturnType<typeof setTimeout>>()
const writeAfterMs = 600

async function ask(): Promise<void> {
  try {
    for (const [key, value] of Object.entries(await server.all())) if (!kept.has(key) && value && typeof value === 'object') kept.set(key, value as Value)
  } catch {
    // The server cannot tell: the page starts as it comes.
    asked = null
  }
}

/** All of them, asked for once. */
export const loadPreferences = (): Promise<void> => (asked ??= ask())

export const preference = (key: string): Value => kept.get(key) ?? {}

function write(key: string): void {
  waiting.delete(key)
  const value = kept.get(key) ?? {}
  const done = Object.keys(value).length ? server.put(key, value) : server.remove(key)
  void done.catch(() => undefined)
}

/** Changes some of it; undefined takes a part away. */
export function prefer(key: string, change: Value): void {
  const next = Object.fromEntries(Object.entries({ ...preference(key), ...change }).filter(([, v]) => v !== undefined))
  kept.set(key, next)
  clearTimeout(waiting.get(key))
  waiting.set(key, setTimeout(() => write(key), writeAfterMs))
}

function forgetPreferences(): void {
  for (const timer of waiting.values()) clearTimeout(timer)
  waiting.clear()
  asked = null
  kept.clear()
}

whenForgotten(forgetPreferences)

/** Nothing that was arranged is lost when the page goes away. */
export function flushPreferences(): void {
  for (const [key, timer] of waiting) {
    clearTimeout(timer)
    write(key)
  }
}
if (typeof addEventListener === 'function') addEventListener('pagehide', flushPreferences)
