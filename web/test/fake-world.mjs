// A believable Tuesday morning in a call centre of two dozen agents: data for the fake api.
let n = 0
export const uuid = () => `01939000-0000-7000-8000-${String(++n).padStart(12, '0')}`
export const ago = (s) => new Date(Date.now() - s * 1000).toISOString()
const byId = (rows) => new Map(rows.map((r) => [r.id, r]))

const names = ['李娜', '王伟', '张敏', '刘洋', '陈静', '杨磊', '赵雪', '黄强', '周婷', '吴昊', '徐丽', '孙鹏', '马超', '朱琳', '胡斌', '郭芳', '何勇', '林悦', '高翔', '罗兰', '郑凯', '梁晨']
const states = [
  ['talking', 754], ['idle', 41], ['talking', 132], ['ringing', 14], ['after_call', 75], ['busy', 1210, '培训'], ['idle', 8], ['talking', 63], ['idle', 190], ['talking', 318], ['after_call', 9],
  ['busy', 240, '小休'], ['talking', 21], ['idle', 77], ['reserved', 1], ['signed_out', 5400], ['talking', 1301], ['idle', 355], ['offline', 34], ['signed_out', 9000], ['idle', 3], ['talking', 208]
]

function queueList() {
  const q = (number, name, waiting, longest, agents_in, idle, offered, answered, abandoned, sl) => ({
    id: uuid(), number, name, waiting, longest_since: longest === null ? null : ago(longest), agents_in, idle, offered_today: offered, answered_today: answered, abandoned_today: abandoned, service_level_today: sl
  })
  return [
    q('4001', '售前咨询', 1, 12, 12, 4, 412, 398, 13, 0.91), q('4002', '技术支持', 3, 96, 6, 0, 287, 251, 33, 0.58), q('4003', '投诉与退款', 1, 31, 4, 1, 96, 88, 7, 0.76),
    q('4004', 'VIP 专线', 0, null, 5, 3, 64, 64, 0, 0.98), q('4005', '英文服务', 0, null, 2, 1, 18, 17, 1, 0.94)
  ]
}

function agentList(queues) {
  return names.map((name, i) => {
    const [state, since, reason] = states[i]
    const out = state === 'signed_out'
    return {
      id: uuid(), number: String(1001 + i), name, extension: out ? null : String(1001 + i), registered: !out && i !== 18, state, reason: reason ?? null, since: ago(since), version: 1, call: null, queue: null,
      calls_today: 10 + i, queues: out ? [] : [queues[i % 4].id, queues[(i * 3 + 1) % 5].id]
    }
  })
}

function callsOf(queues, agents) {
  const calls = []
  const call = (o, legs) => {
    const c = { id: uuid(), direction: 'in', kind: 'queue', caller: '', callee: '4008001000', did: '02150001000', started_at: ago(60), answered_at: null, ended_at: null, result: null, where: 'talk', queue: null, agent: null, flow: null, legs, ...o }
    calls.push(c)
    return c
  }
  const leg = (role, state, agent) => ({ id: uuid(), role, state, agent: agent?.id ?? null, extension: agent?.extension ?? null })
  let tail = 1000
  for (const a of agents.filter((x) => x.state === 'talking' || x.state === 'ringing')) {
    const ringing = a.state === 'ringing'
    tail += 137
    const started = ago((Date.now() - Date.parse(a.since)) / 1000 + 34)
    const c = call({ caller: `1390021${tail}`, where: ringing ? 'ring' : 'talk', started_at: started, answered_at: started, queue: a.queues[0], agent: a.id }, [leg('customer', 'answered'), leg('agent', ringing ? 'ringing' : 'answered', a)])
    a.call = c.id
  }
  calls[2].where = 'hold'
  calls[4].legs.push(leg('supervisor', 'answered'))
  call({ caller: '13611112222', where: 'ivr', started_at: ago(9), flow: uuid() }, [leg('customer', 'answered')])
  call({ direction: 'out', kind: 'manual', caller: '1008', callee: '02188887777', did: null, where: 'ring', started_at: ago(6), agent: agents[1].id }, [leg('agent', 'answered', agents[1]), leg('external', 'ringing')])
  const waits = [['13800138000', 1, 96, 0], ['02161234567', 1, 58, 0], ['18652220001', 1, 22, 5], ['15900001111', 2, 31, 0], ['13522223333', 0, 12, 0]]
  const visits = waits.map(([caller, q, s, priority], i) => {
    const c = call({ caller, where: 'queue', started_at: ago(s + 18), answered_at: ago(s + 18), queue: queues[q].id }, [leg('customer', 'answered')])
    return { id: uuid(), call: c.id, queue: queues[q].id, caller, entered_at: ago(s), position: q === 1 ? i + 1 : 1, priority, offered_to: i === 3 ? agents[14].id : null }
  })
  return { calls, visits }
}

function ended(queues, agents) {
  const results = ['answered', 'answered', 'answered', 'abandoned_queue', 'answered', 'barred', 'no_answer', 'answered', 'abandoned_ivr']
  return Array.from({ length: 73 }, (_, i) => {
    const result = results[i % results.length]
    const start = 300 + i * 97
    const agent = result === 'answered' ? agents[i % agents.length] : null
    return {
      id: uuid(), direction: 'in', kind: 'queue', caller: `1370${String(1000000 + i * 7919).slice(0, 7)}`, callee: '4008001000', did: '02150001000', started_at: ago(start), answered_at: result === 'barred' ? null : ago(start - 2),
      ended_at: ago(start - 120 - (i % 60)), hangup_by: i % 3 ? 'customer' : 'agent', hangup_cause: 16, result, first_queue: result === 'barred' ? null : queues[i % 5].id, last_agent: agent?.id ?? null
    }
  })
}

function detailOf(c, agent) {
  const at = (s) => new Date(Date.parse(c.started_at) + s * 1000).toISOString()
  const [customer, first, second] = [uuid(), uuid(), uuid()]
  const seg = (kind, legs, a, b) => ({ id: uuid(), kind, legs, from_at: at(a), to_at: b === null ? c.ended_at : at(b) })
  const leg = (id, role, agent_id, a, answered, b, code) => ({ id, role, agent_id, extension: agent_id ? '1001' : null, offered_at: at(a), answered_at: answered === null ? null : at(answered), ended_at: b === null ? c.ended_at : at(b), sip_code: code, codec: 'PCMA', mos_rx: 4.3 })
  return {
    ...c, visits: [], offers: [], ivr_visits: [],
    legs: [leg(customer, 'customer', null, 0, 0, null, 200), leg(first, 'agent', agent.id, 30, null, 42, 487), leg(second, 'agent', agent.id, 44, 49, null, 200)],
    segments: [seg('ivr', [customer], 0, 14), seg('queue', [customer], 14, 49), seg('ring', [first], 30, 42), seg('ring', [second], 44, 49), seg('talk', [customer, second], 49, 80), seg('hold', [customer], 80, 92), seg('talk', [customer, second], 92, null)],
    recordings: c.result === 'answered' ? [{ id: uuid(), from_at: at(49), to_at: c.ended_at, bytes: 480000, channels: 2 }] : []
  }
}

const field = (name, type, zh, en, more = {}) => ({ name, type, zh, en, filter: ['eq', 'contains'], sort: true, ...more })
const can = { list: true, create: true, update: true, delete: true }

export function world() {
  const queues = queueList()
  const agents = agentList(queues)
  const { calls, visits } = callsOf(queues, agents)
  const cdrs = ended(queues, agents)
  return {
    queues: byId(queues), agents: byId(agents), calls: byId(calls), visits: byId(visits), cdrs, details: new Map(cdrs.map((c) => [c.id, detailOf(c, agents[0])])),
    session: {
      csrf: 'csrf-of-fake', expires_at: ago(-43200), account: { id: uuid(), username: 'admin', name: '管理员' }, agent: null,
      tenant: { id: uuid(), name: 'demo', title: '示例企业', kind: 'tenant', language: 'zh', time_zone: 'Asia/Shanghai', sip_domain: 'demo.zongji.test' }, permissions: ['*']
    },
    menuGroups: [['live', '实时', 'Live'], ['desk', '基本管理', 'My desk'], ['callcentre', '呼叫中心', 'Call centre'], ['queues', '队列', 'Queues'], ['pbx', '话务配置', 'Telephony'], ['kb', '知识库', 'Knowledge base'], ['accounts', '账号与权限', 'Accounts and permissions'], ['reports', '报表', 'Reports'], ['system', '系统', 'System'], ['other', '其他', 'Other']].map(([name, zh, en]) => ({ name, zh, en })),
    resources: [
      { name: 'queues', zh: '队列', en: 'Queue', label: 'name', menu: 'queues', can, fields: [field('id', 'uuid', '', ''), field('number', 'string', '队列号', 'Number'), field('name', 'string', '名称', 'Name'), field('record', 'boolean', '录音', 'Record'), field('created_at', 'datetime', '创建时间', 'Created')] },
      { name: 'agents', zh: '坐席', en: 'Agent', label: 'name', menu: 'callcentre', can, fields: [field('number', 'string', '工号', 'Agent number'), field('name', 'string', '姓名', 'Name')] }
    ],
    rows: {
      tenants: [{ id: uuid(), kind: 'tenant', name: 'demo', title: '示例企业' }, { id: uuid(), kind: 'tenant', name: 'other', title: '另一家' }],
      queues: queues.map((q) => ({ id: q.id, number: q.number, name: q.name, record: true, created_at: ago(86400) })),
      agents: agents.map((a) => ({ id: a.id, number: a.number, name: a.name }))
    }
  }
}
