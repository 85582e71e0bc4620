// The menu: generated and hand-made pages in their groups, as far as one may see them.
import { computed } from 'vue'
import type { MenuGroupMeta, ResourceMeta } from '../api/types'
import { pages, shortcuts, type PageEntry, type Shortcut } from '../pages/registry'
import { meta, type MenuOrder } from './meta'
import { isCarrier, may, session } from './session'

export interface MenuEntry {
  name: string
  to: string
  zh: string
  en: string
  order: number
  /** Whose place in the tenant's order it takes: its own, or that of the resource that the page stands for. */
  resource: string
  testid: string
}

export type MenuGroup = MenuGroupMeta & { entries: MenuEntry[] }

type Who = { carrier: boolean; may: (permission: string) => boolean }

export const pageShown = (p: PageEntry, who: Who): boolean =>
  (p.permission === '' || who.may(p.permission)) && (!p.side || (p.side === 'carrier') === who.carrier)

function ofPage(p: PageEntry, resources: ResourceMeta[]): MenuEntry {
  const resource = resources.find((r) => r.page === p.name)?.name ?? p.name
  return { name: p.name, to: p.path.replace(/\/:.*$/, ''), zh: p.zh, en: p.en, order: p.order, resource, testid: `nav-${p.name}` }
}

function ofResource(r: ResourceMeta): MenuEntry {
  return { name: r.name, to: `/data/${r.name}`, zh: r.zh, en: r.en, order: r.order ?? 500, resource: r.name, testid: `resource-${r.name}` }
}

/** Beside the resource that it is a part of. */
const ofShortcut = (s: Shortcut): MenuEntry => ({ name: s.name, to: `/data/${s.resource}?${s.query}`, zh: s.zh, en: s.en, order: s.order, resource: s.resource, testid: `nav-${s.name}` })

/** Where a group stands: as chosen; one that is not among the chosen stands before the next that is. */
function groupPlace(order: MenuOrder | null, natural: string[], name: string): number {
  const chosen = order?.map((g) => g.name) ?? []
  const listed = chosen.indexOf(name)
  if (listed >= 0) return listed
  const next = natural.slice(natural.indexOf(name)).find((x) => chosen.includes(x))
  return next ? chosen.indexOf(next) - 1 + natural.indexOf(name) / 100 : chosen.length + natural.indexOf(name)
}

/** Groups with at least one entry, in their order; pages that replace a resource stand there once. A resource without a group has no entry;
 *  what names a group that there is not stands in the last one. */
export function buildMenu(all: readonly MenuGroupMeta[], resources: ResourceMeta[], entries: readonly PageEntry[], who: Who, order: MenuOrder | null = null): MenuGroup[] {
  const natural = all.map((g) => g.name)
  const groups = new Map<string, MenuEntry[]>()
  const known = (name: string): string => (natural.includes(name) ? name : (natural.at(-1) ?? name))
  const add = (group: string, entry: MenuEntry): void => void groups.set(known(group), [...(groups.get(known(group)) ?? []), entry])
  const shown = entries.filter((p) => p.menu && pageShown(p, who))
  // A page that stands for a resource stands where that would: an agent has its calls at its desk.
  const groupOf = (p: PageEntry, menu: string): string => {
    const own = resources.find((r) => r.name === p.name)?.menu
    return own && natural.includes(own) ? own : menu
  }
  for (const p of shown) if (p.menu) add(groupOf(p, p.menu), ofPage(p, resources))
  for (const r of resources) {
    if (!r.can.list || !r.menu || shown.some((p) => p.name === r.page || p.name === r.name)) continue
    add(r.menu, ofResource(r))
    for (const s of shortcuts.filter((x) => x.resource === r.name)) add(r.menu, ofShortcut(s))
  }
  return all
    .filter((g) => groups.has(g.name))
    .sort((a, b) => groupPlace(order, natural, a.name) - groupPlace(order, natural, b.name))
    .map((g) => ({ ...g, entries: sorted(groups.get(g.name) ?? [], order?.find((x) => x.name === g.name)?.items) }))
}

/** The chosen places; what the tenant cannot have chosen (a page of no resource) goes where its order says. */
function sorted(entries: MenuEntry[], chosen: string[] = []): MenuEntry[] {
  const order = new Map(entries.map((x) => [x.resource, x.order]))
  const at = (x: MenuEntry): number => {
    const listed = chosen.indexOf(x.resource)
    if (listed >= 0) return listed
    const next = chosen.findIndex((name) => (order.get(name) ?? 0) > x.order)
    return next < 0 ? chosen.length : next - 0.5
  }
  return entries.sort((a, b) => at(a) - at(b) || a.order - b.order || a.name.localeCompare(b.name))
}

const boardEntry: PageEntry = { name: 'board', path: '/', menu: 'live', order: 0, permission: '', zh: '实时看板', en: 'Live board', side: 'tenant', component: () => import('../pages/BoardPage.vue') }

export const menu = computed<MenuGroup[]>(() => buildMenu(meta.groups, meta.resources, [boardEntry, ...pages], { carrier: isCarrier.value && !session.entered, may }, meta.menu))
