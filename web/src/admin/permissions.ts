// The arithmetic of the permission matrix: what a role's texts mean page by page, and back. Pure.
//
// `*`, `queues.*` and `queues.write` stand for several ticks. They are spread out to be shown, and kept when saving as long as all
// that they stand for is still ticked; a permission that the matrix does not show is kept as it is.
import type { Kind, PermissionModule, PermissionPage, PermissionTree } from './types'

const writing: readonly string[] = ['create', 'update', 'delete', 'import']

/** Whether `granted` contains `name`, by the server's rules. */
export function covers(granted: Iterable<string>, name: string): boolean {
  const dot = name.lastIndexOf('.')
  const resource = name.slice(0, dot)
  const kind = name.slice(dot + 1)
  for (const p of granted) if (p === '*' || p === name || p === `${resource}.*` || (p === `${resource}.write` && writing.includes(kind))) return true
  return false
}

export const nameOfCell = (page: PermissionPage, kind: Kind): string => `${page.name}.${kind}`
export const namesOfPage = (page: PermissionPage): string[] => [...page.kinds.map((k) => nameOfCell(page, k)), ...(page.special ?? []).map((s) => s.name)]
export const namesOfModule = (module: PermissionModule): string[] => module.resources.flatMap(namesOfPage)
export const namesOfColumn = (pages: PermissionPage[], kind: Kind): string[] => pages.filter((p) => p.kinds.includes(kind)).map((p) => nameOfCell(p, kind))
export const allNames = (tree: PermissionTree): string[] => [...tree.modules.flatMap(namesOfModule), ...tree.show.map((s) => s.name)]

/** What the api says as one tree: permissions that belong to no resource stand in a module of their own. */
export function treeOf(answer: Partial<PermissionTree>): PermissionTree {
  const general = answer.general ?? []
  const page: PermissionPage = { name: 'general', zh: '通用功能', en: 'General', kinds: [], special: general }
  const modules = (answer.modules ?? []).map((m) => ({ ...m, resources: m.resources.filter((r) => namesOfPage(r).length) })).filter((m) => m.resources.length)
  return { modules: general.length ? [...modules, { name: 'general', zh: '通用', en: 'General', resources: [page] }] : modules, show: answer.show ?? [] }
}

/** The ticks that `granted` means. */
export const spread = (granted: string[], tree: PermissionTree): Set<string> => new Set(allNames(tree).filter((name) => covers(granted, name)))

/** What to write for `ticks`, given what was written before. */
export function pack(before: string[], ticks: ReadonlySet<string>, tree: PermissionTree): string[] {
  const shown = allNames(tree)
  const known = new Set(shown)
  const wide = before.filter((p) => {
    const meant = shown.filter((name) => covers([p], name))
    return !known.has(p) && meant.every((name) => ticks.has(name))
  })
  return [...wide, ...shown.filter((name) => ticks.has(name) && !covers(wide, name))]
}

export type Part = 'all' | 'some' | 'none'

export function part(ticks: ReadonlySet<string>, names: string[]): Part {
  const n = names.filter((name) => ticks.has(name)).length
  return n === 0 ? 'none' : n === names.length ? 'all' : 'some'
}

/** A new set with `names` ticked or not; locked ones stay as they are. */
export function put(ticks: ReadonlySet<string>, names: string[], on: boolean, locked: (name: string) => unknown): Set<string> {
  const next = new Set(ticks)
  for (const name of names) {
    if (locked(name)) continue
    if (on) next.add(name)
    else next.delete(name)
  }
  return next
}

export type Lock = '' | 'beyond' | 'barred'

/** Why somebody with `own` permissions may not touch a tick. */
export function lockOf(name: string, own: string[], barred: ReadonlySet<string>): Lock {
  if (barred.has(name)) return 'barred'
  return covers(own, name) ? '' : 'beyond'
}

export const barredIn = (tree: PermissionTree): Set<string> => new Set(tree.modules.flatMap((m) => m.resources.flatMap((r) => r.barred ?? [])))
