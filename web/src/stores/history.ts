// Who changed what when, of one row; newest first, older ones when asked for.
import { resources, type Change } from '../api/resources'
import { pagedList } from './list'

export const rowHistory = (resource: string, id: string) => pagedList<Change>((cursor) => resources.history(resource, id, cursor))
