// What must be written so that a group has the members that were chosen.
import type { Row } from '../api/types'

export interface MemberChanges {
  add: { account_id: string; admin: boolean }[]
  update: { id: string; admin: boolean }[]
  remove: string[]
  any: boolean
}

export function memberChanges(members: Row[], chosen: string[], admins: string[]): MemberChanges {
  const before = new Map(members.map((m) => [String(m.account_id), m]))
  const add = chosen.filter((id) => !before.has(id)).map((id) => ({ account_id: id, admin: admins.includes(id) }))
  const update = chosen.flatMap((id) => {
    const m = before.get(id)
    return m && Boolean(m.admin) !== admins.includes(id) ? [{ id: String(m.id), admin: admins.includes(id) }] : []
  })
  const remove = members.filter((m) => !chosen.includes(String(m.account_id))).map((m) => String(m.id))
  return { add, update, remove, any: add.length + update.length + remove.length > 0 }
}
