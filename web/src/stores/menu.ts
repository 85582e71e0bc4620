// The menu: generated and hand-made pages in their groups, as far as one may see them.
import { computed } from 'vue'
import type { ResourceMeta } from '../api/types'
import { menuGroups, type MenuGroupName } from '../pages/menu-groups'
import { pages, type PageEntry } from '../pages/registry'
import { meta } from './meta'
import { isCarrier, may, session } from './session'

export interface MenuEntry {
  name: string
  to: string
  zh: string
  en: string
  order: number
  testid: string
}

export interface MenuGroup {
  name: MenuGroupName
  zh: string
  en: string
  entries: MenuEntry[]
}

type Who = { carrier: boolean; may: (permission: string) => boolean }

export const pageShown = (p: PageEntry, who: Who): boolean =>
  (p.permission === '' || who.may(p.permission)) && (!p.side || (p.side === 'carrier') === who.carrier)

function ofPage(p: PageEntry): MenuEntry {
  return { name: p.name, to: p.path.replace(/\/:.*$/, ''), zh: p.zh, en: p.en, order: p.order, testid: `nav-${p.name}` }
}

function ofResource(r: ResourceMeta): MenuEntry {
  return { name: r.name, to: `/data/${r.name}`, zh: r.zh, en: r.en, order: r.order ?? 500, testid: `resource-${r.name}` }
}

const isGroup = (name: string | undefined): name is MenuGroupName => !!name && name in menuGroups

/** Groups with at least one entry, in their order; pages that replace a resource stand there once. */
export function buildMenu(resources: ResourceMeta[], entries: readonly PageEntry[], who: Who): MenuGroup[] {
  const groups = new Map<MenuGroupName, MenuEntry[]>()
  const add = (group: MenuGroupName, entry: MenuEntry): void => void groups.set(group, [...(groups.get(group) ?? []), entry])
  const shown = entries.filter((p) => p.menu && pageShown(p, who))
  for (const p of shown) if (p.menu) add(p.menu, ofPage(p))
  for (const r of resources) {
    if (!r.can.list || shown.some((p) => p.name === r.page || p.name === r.name)) continue
    add(isGroup(r.menu) ? r.menu : 'other', ofResource(r))
  }
  return (Object.keys(menuGroups) as MenuGroupName[])
    .filter((name) => groups.has(name))
    .map((name) => ({ name, ...menuGroups[name], entries: (groups.get(name) ?? []).sort((a, b) => a.order - b.order || a.name.localeCompare(b.name)) }))
}

const boardEntry: PageEntry = { name: 'board', path: '/', menu: 'live', order: 0, permission: '', zh: '实时看板', en: 'Live board', side: 'tenant', component: () => import('../pages/BoardPage.vue') }

export const menu = computed<MenuGroup[]>(() => buildMenu(meta.resources, [boardEntry, ...pages], { carrier: isCarrier.value && !session.entered, may }))
