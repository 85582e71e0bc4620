// What the API says, as in docs/api.md and docs/control-protocol.md. Times are RFC 3339 texts.

export type Lang = 'zh' | 'en'

export interface Session {
  csrf: string
  expires_at: string
  account: { id: string; username: string; name: string }
  role?: { id: string; name: string } | null
  agent: { id: string; number: string; name: string; extension_id: string | null } | null
  tenant: { id: string; name: string; title: string; kind: 'carrier' | 'tenant'; language: Lang; time_zone: string; sip_domain: string }
  permissions: string[]
  /** Whom one may command beside oneself, by the account's role or the agent's. */
  commands?: string[]
  /** When somebody is logged in as another account: who that somebody is. */
  actor?: { id: string; username: string | null; name: string | null } | null
  /** Nothing but a new password is possible until there is one. */
  must_change_password?: boolean
  /** Nothing but setting up the second factor is possible until it is there. */
  totp_required?: boolean
}

export const agentStates = ['ringing', 'reserved', 'talking', 'after_call', 'busy', 'outbound_only', 'idle', 'offline', 'signed_out'] as const
export type AgentState = (typeof agentStates)[number]

export interface Agent {
  id: string
  number: string
  name: string
  extension?: string | null
  registered: boolean
  state: AgentState
  reason?: string | null
  since: string
  version: number
  call?: string | null
  queue?: string | null
  calls_today?: number
  queues: string[]
}

export interface Queue {
  id: string
  number: string
  name: string
  waiting: number
  longest_since?: string | null
  agents_in: number
  idle: number
  offered_today: number
  answered_today: number
  abandoned_today: number
  service_level_today?: number | null
}

export interface Visit {
  id: string
  call: string
  queue: string
  caller: string
  entered_at: string
  position: number
  priority: number
  offered_to?: string | null
  left_how?: string | null
}

export const callPlaces = ['queue', 'ring', 'hold', 'ivr', 'talk', 'ended'] as const
export type CallPlace = (typeof callPlaces)[number]

export interface CallLeg {
  id: string
  role: string
  state: string
  agent?: string | null
  extension?: string | null
}

export interface Call {
  id: string
  direction: 'in' | 'out' | 'internal'
  kind: string
  caller: string
  callee: string
  did?: string | null
  started_at: string
  answered_at?: string | null
  ended_at?: string | null
  result?: string | null
  where: CallPlace
  queue?: string | null
  agent?: string | null
  flow?: string | null
  legs: CallLeg[]
}

export interface Snapshot {
  type: 'snapshot'
  cursor: string
  stale: boolean
  queues: Queue[]
  agents: Agent[]
  calls: Call[]
  visits: Visit[]
}

export interface EntityOf {
  'agent.changed': Agent
  'queue.changed': Queue
  'visit.changed': Visit
  'visit.ended': Visit
  'call.changed': Call
  'call.ended': Call
}

export type EntityEvent = {
  [T in keyof EntityOf]: { type: T; cursor: string; at: string; data: EntityOf[T] }
}[keyof EntityOf]

export type StreamMessage =
  | Snapshot
  | EntityEvent
  | { type: 'job.changed'; at: string; data: Record<string, unknown> }
  | { type: 'stale' }
  | { type: 'resync' }
  | { type: 'tick'; at: string }
  | { type: 'end'; because: string }

// Facts of an ended call (GET /calls/{id}); only what the console shows.
export interface CallFact {
  id: string
  live?: false
  direction: string
  kind: string
  caller: string
  callee: string
  did: string | null
  started_at: string
  answered_at: string | null
  ended_at: string
  hangup_by: string | null
  hangup_cause: number | null
  result: string
  first_queue: string | null
  last_agent: string | null
}

export interface LegFact {
  id: string
  role: string
  agent_id: string | null
  extension: string | null
  offered_at: string
  answered_at: string | null
  ended_at: string
  sip_code: number | null
  codec: string | null
  mos_rx: number | null
}

export interface SegmentFact {
  id: string
  kind: string
  legs: string[]
  from_at: string
  to_at: string
}

export interface RecordingFact {
  id: string
  from_at: string
  to_at: string
  bytes: number
  channels: number
}

export interface CallDetail extends CallFact {
  legs: LegFact[]
  segments: SegmentFact[]
  recordings: RecordingFact[]
}

export interface Page<T> {
  items: T[]
  next: string | null
  total?: number
}

export interface Label {
  zh: string
  en: string
}

/** A field as /meta/resources tells it. `engine/fields.ts` makes of it what pages use. */
export interface FieldNote {
  resource: string
  by: string
  zh: string
  en: string
  none_zh?: string
  none_en?: string
  quiet?: boolean
}

export interface FieldMeta {
  name: string
  type: string
  zh: string
  en: string
  help_zh?: string
  help_en?: string
  required?: boolean
  nullable?: boolean
  readonly?: boolean
  create_only?: boolean
  writeonly?: boolean
  detail?: boolean
  sort?: boolean
  filter?: string[]
  default?: unknown
  enum?: string[] | Record<string, Label>
  labels?: Record<string, Label>
  ref?: string
  refs?: Record<string, string>
  min?: number
  max?: number
  min_length?: number
  max_length?: number
  pattern?: string
  widget?: string
  media?: string
  mask?: string
  masked?: boolean
  access?: string
  group?: string
  order?: number
  list?: boolean
  width?: number
  when?: { field: string; in: unknown[] }
  /** What is told beside the field when something is chosen: rows of another resource that have the same. */
  notes?: FieldNote[]
  /** Only rows that have the same in `by` as this form's `field` can be chosen. */
  depends?: { field: string; by: string }
  dictionary?: string
  dictionary_id?: string
  choices?: unknown
  file?: boolean
  unit?: string
  custom?: boolean
  /** May be asked for by `expand`: its row's name comes along. */
  expand?: boolean
  custom_type?: string
  group_name?: string
  position?: number
}

export interface MenuGroupMeta {
  name: string
  zh: string
  en: string
}

export interface ResourceMeta {
  name: string
  table?: string
  zh: string
  en: string
  help_zh?: string
  help_en?: string
  /** Stands above the list, always. */
  notice_zh?: string
  notice_en?: string
  label?: string | null
  /** A field that the label is shown with: 1001(张三). */
  label_with?: string
  /** A figure that choices show behind the label: how many it has already. */
  count?: string
  scope?: string
  sort?: string
  upload?: boolean
  menu?: string
  order?: number
  icon?: string
  search?: string[]
  custom?: boolean
  tree?: string
  page?: string
  singleton?: boolean
  groups?: Record<string, Label>
  import?: boolean
  export?: boolean
  recycle?: boolean
  history?: boolean
  live?: boolean
  can: { list: boolean; create: boolean; update: boolean; delete: boolean; import?: boolean; export?: boolean; restore?: boolean; history?: boolean }
  fields: FieldMeta[]
}

export type Row = Record<string, unknown>
