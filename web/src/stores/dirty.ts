// Changes that are not saved yet. Whoever has some registers; leaving a page asks first (also by browser back and by closing the tab).
import { computed, reactive } from 'vue'

const holders = reactive(new Map<symbol, () => boolean>())

export const dirty = computed(() => [...holders.values()].some((h) => h()))

/** Returns the function that takes it back. */
export function holdDirty(is: () => boolean): () => void {
  const key = Symbol('dirty')
  holders.set(key, is)
  return () => void holders.delete(key)
}

interface Question {
  open: boolean
  answer: (leave: boolean) => void
}

export const leaving = reactive<Question>({ open: false, answer: () => undefined })

/** Asks whether to leave although there are unsaved changes. */
export function mayLeave(): Promise<boolean> {
  if (!dirty.value) return Promise.resolve(true)
  leaving.answer(false)
  return new Promise((done) => {
    leaving.open = true
    leaving.answer = (leave) => {
      leaving.open = false
      leaving.answer = () => undefined
      if (leave) holders.clear()
      done(leave)
    }
  })
}

/** Called once by main. */
export function watchLeaving(): void {
  addEventListener('beforeunload', (e) => {
    if (dirty.value) e.preventDefault()
  })
}
