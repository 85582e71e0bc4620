// What the server says there is: resources with their fields, for who is logged in and the tenant they look at.
import { reactive } from 'vue'
import { api } from '../api/client'
import type { ResourceMeta } from '../api/types'
import { problemText } from '../i18n'

export const meta = reactive({
  resources: [] as ResourceMeta[],
  loaded: false,
  fault: ''
})

let asked: Promise<void> | null = null
let generation = 0

async function load(mine: number): Promise<void> {
  try {
    const answer = await api.resources()
    if (mine !== generation) return
    meta.resources = answer.resources
    meta.loaded = true
    meta.fault = ''
  } catch (e) {
    if (mine !== generation) return
    meta.fault = problemText(e)
    asked = null
  }
}

/** Asks once; a later call waits for the same answer. */
export function loadMeta(): Promise<void> {
  return (asked ??= load(generation))
}

/** Another account, or another tenant: everything anew. */
export function forgetMeta(): void {
  generation += 1
  asked = null
  meta.resources = []
  meta.loaded = false
  meta.fault = ''
}

/** After something changed what there is (a custom field, a role): asks again, and shows the old until the answer is there. */
export function refreshMeta(): Promise<void> {
  generation += 1
  return (asked = load(generation))
}

export const resourceNamed = (name: string | undefined): ResourceMeta | undefined => meta.resources.find((r) => r.name === name)
