// What the server says there is: resources with their fields, for who is logged in and the tenant they look at.
import { reactive } from 'vue'
import { api } from '../api/client'
import type { MenuGroupMeta, ResourceMeta } from '../api/types'
import { problemText } from '../i18n'

export type MenuOrder = { name: string; items: string[] }[]

export const meta = reactive({
  resources: [] as ResourceMeta[],
  /** The groups of the menu, all that there are, in their own order. */
  groups: [] as MenuGroupMeta[],
  /** The tenant's own order of the menu: groups, and the resources in each. Null: as the schema says. */
  menu: null as MenuOrder | null,
  loaded: false,
  fault: ''
})

let asked: Promise<void> | null = null
let generation = 0

async function load(mine: number): Promise<void> {
  try {
    const [answer, order] = await Promise.all([api.resources(), api.menu().catch(() => null)])
    if (mine !== generation) return
    meta.groups = answer.menu_groups
    meta.menu = order?.menu.map((g) => ({ name: g.name, items: g.items.map((x) => x.resource) })) ?? null
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
  meta.groups = []
  meta.menu = null
  meta.loaded = false
  meta.fault = ''
}

/** After something changed what there is (a custom field, a role): asks again, and shows the old until the answer is there. */
export function refreshMeta(): Promise<void> {
  generation += 1
  return (asked = load(generation))
}

export const resourceNamed = (name: string | undefined): ResourceMeta | undefined => meta.resources.find((r) => r.name === name)
