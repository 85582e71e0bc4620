// Hand-made pages. They stand in the menu beside the pages that are generated from metadata; a table whose comment says
// "page":"<name>" is shown by the page of that name instead of the generated list.
import type { Component } from 'vue'
import { adminPages } from '../admin/pages'

export interface PageEntry {
  /** The route's name, the menu entry's data-testid (`nav-<name>`), and what a table's comment calls it. */
  name: string
  path: string
  /** The name of a group of the menu (GET /meta/menu names them all). Null: a page without an entry of its own. */
  menu: string | null
  /** Among the entries of its group, resources included. */
  order: number
  /** '' for everybody who is logged in. */
  permission: string
  zh: string
  en: string
  /** For whom it is: a tenant (also one that the carrier has entered), the carrier itself, or both (the default). */
  side?: 'tenant' | 'carrier'
  component: () => Promise<Component | { default: Component }>
}

const ownPages: PageEntry[] = [
  { name: 'calls', path: '/calls/:id?', menu: 'reports', order: 10, permission: 'calls.read', zh: '通话记录', en: 'Call records', side: 'tenant', component: () => import('./CallsPage.vue') },
  { name: 'live-trunks', path: '/live/trunks', menu: 'live', order: 20, permission: 'trunks.read', zh: '中继状态', en: 'Trunks now', component: () => import('./LiveTrunksPage.vue') },
  { name: 'outbound-tester', path: '/routes/test-outbound', menu: 'pbx', order: 33, permission: 'outbound-routes.read', zh: '呼出测试', en: 'Outbound tester', side: 'tenant', component: () => import('./OutboundTesterPage.vue') },
  { name: 'conferences', path: '/conferences', menu: 'live', order: 30, permission: 'rooms.read', zh: '会议', en: 'Conferences', side: 'tenant', component: () => import('./ConferencesPage.vue') },
  { name: 'route-tester', path: '/routes/test', menu: 'pbx', order: 31, permission: 'inbound-routes.read', zh: '路由测试', en: 'Route tester', component: () => import('./RouteTesterPage.vue') },
  { name: 'jobs', path: '/jobs', menu: 'system', order: 900, permission: '', zh: '导出中心', en: 'Export centre', component: () => import('./JobsPage.vue') }
]

/** A part of a resource's list with an entry of its own in the menu: the list, asked this. */
export interface Shortcut {
  name: string
  resource: string
  /** As in the list's address (engine/query). */
  query: string
  order: number
  zh: string
  en: string
}

export const shortcuts: readonly Shortcut[] = [
  { name: 'whitelist', resource: 'blacklist', query: 'f.colour.eq=white', order: 60.1, zh: '白名单', en: 'White list' },
  { name: 'voice-files', resource: 'prompts', query: 'f.language.eq=any', order: 70.1, zh: '语音文件', en: 'Voice files' },
  { name: 'system-prompts', resource: 'prompts', query: 'f.system.eq=true', order: 70.2, zh: '系统语音', en: 'System prompts' },
  { name: 'line-lists', resource: 'blacklist', query: 'f.scope.in=trunk,trunk_group', order: 60.2, zh: '线路黑白名单', en: 'Lists of lines' }
]

/** The part of a list that these conditions are, if it has a name. */
export const shortcutOf = (resource: string, conditions: readonly { field: string; op: string; value: string }[]): Shortcut | undefined =>
  shortcuts.find((s) => s.resource === resource && [...new URLSearchParams(s.query)].every(([k, v]) => conditions.some((c) => k === `f.${c.field}.${c.op}` && v === c.value)))

export const pages: readonly PageEntry[] = [...ownPages, ...adminPages]

export const pageNamed = (name: string | undefined): PageEntry | undefined => pages.find((p) => p.name === name)
