// Texts of the tester of outbound calls, and what the engine's and the edge's words mean.
import { bilingual } from '../i18n/bilingual'

type Words = Record<string, string>
const en = {
  title: 'Outbound tester',
  hint: 'What would happen to a call from an extension to a number, and which rows decide it.',
  extension: 'From extension',
  number: 'Dialled number',
  at: 'Time',
  atHint: 'In the time zone of the team; empty: now. What trunks and limits have used is always as it is now.',
  click: 'Called from the console',
  test: 'Test',
  missing: 'Choose the extension and type the number.',
  outcome: {
    dial: 'The call leaves', internal: 'The call stays inside', go: 'The outbound route sends it elsewhere', tenant: 'The call goes to another team', refuse: 'The call is refused', barred: 'The call is barred by a list or a rule of the trunk', no_trunk: 'No trunk is there for it', no_rate: 'No rate allows it', caller_not_allowed: 'The caller number is not one of the team’s own', country_barred: 'The country is not called', no_number_free: 'No number of the pool is free', no_line_free: 'The caller number has as many calls as it may', calls_hour: 'As many calls as an hour may have', calls_day: 'As many calls as a day may have', spend_hour: 'As much money as an hour may cost', spend_day: 'As much money as a day may cost', abroad: 'As many calls abroad as there may be', over_limit: 'All trunks are full', unreachable: 'No trunk is ready'
  } as Words,
  because: 'Because',
  reasons: {
    'the extension may not dial out': 'the extension may not call outside', 'the extension may not dial this far': 'the extension may not call that far', 'the agent group calls none but its recent callers': 'the agent group calls only whom it talked with', 'the outbound route ends it': 'the rule of the outbound route ends it', 'no rule of the outbound route fits': 'no rule of the outbound route fits', 'no such number, and no trunk for it': 'there is no such number inside, and no trunk for it', 'no caller number is chosen': 'no caller number is chosen', 'too many calls of the tenant': 'the team has as many calls as it may', 'no calls between extensions': 'extensions may not call each other', 'the telephone of a signed-in agent takes agent calls only': 'an agent sits at it: call from the console', 'no such number': 'there is no such number'
  } as Words,
  to: 'Destination',
  leaves: 'Number that leaves',
  route: 'Outbound route',
  rule: 'rule',
  noRoute: 'none: dialled as it is',
  over: 'Over',
  overBy: { number: 'the trunk of the caller number', rate: 'the trunk of the rate', extension: 'by the extension', account_group: 'by the account group', tenant: 'by the team', access_number: 'by the access number' } as Words,
  caller: 'Caller number',
  callerBy: { chosen: 'chosen by the agent', service: 'of the service', access_number: 'access number of the account', agent: 'of the agent', extension_number: 'trunk number of the extension', extension: 'of the extension', extension_pool: 'from the pool of the extension', tenant: 'of the team', tenant_pool: 'from the team’s pool' } as Words,
  noCaller: 'none: the trunk’s own',
  lines: (n: number, max: number) => (max < 0 ? `${n} calls now` : `${n} of ${max} calls now`),
  anonymous: 'anonymous',
  emergency: 'Emergency number: no rule, list or limit holds it',
  rate: 'Rate',
  longest: (s: number) => `ends after ${s} s`,
  checks: 'Checks',
  check: 'Check',
  result: 'Result',
  list: { dialled: 'Lists, number dialled', leaves: 'Lists, number that leaves', caller: 'Lists of the trunk, caller' } as Words,
  passes: 'passes',
  bars: 'bars',
  dnc: 'Do-not-call list',
  dncLevels: { system: 'listed by the carrier: campaigns leave it out', tenant: 'listed by the team: campaigns leave it out', campaign: 'listed by a campaign' } as Words,
  notListed: 'not listed',
  country: 'Toll guard, country',
  ofNoCountry: 'of no country',
  home: 'at home',
  abroad: 'abroad',
  limit: { calls_hour: 'Toll guard, calls an hour', calls_day: 'Toll guard, calls a day', spend_hour: 'Toll guard, money an hour', spend_day: 'Toll guard, money a day', abroad: 'Toll guard, calls abroad' } as Words,
  subject: { tenant: 'team', extension: 'extension', account: 'account' } as Words,
  used: (a: string, b: string) => `${a} of ${b}`,
  trunks: 'Trunks, in their order',
  trunk: 'Trunk',
  why: 'Why',
  address: 'Address',
  shows: 'Shows',
  notYours: 'a trunk of the carrier',
  verdict: { off: 'disabled, or not the team’s', barred: 'its rule forbids the number', no_rate: 'it demands a rate and none fits', listed: 'its lists bar the caller', caller: 'the caller may not be shown there' } as Words,
  state: { ok: 'ready', closed: 'outside of its hours', paused: 'rests after failures', unreachable: 'does not answer', unregistered: 'not registered', full: 'all channels in use' } as Words,
  first: 'is tried first'
}
const zh: typeof en = {
  title: '呼出测试',
  hint: '查看分机呼出某个号码时会怎样，以及由哪些设置决定。',
  extension: '主叫分机',
  number: '所拨号码',
  at: '时间',
  atHint: '按团队时区；留空为现在。中继和限额的用量总是当前值。',
  click: '从控制台呼出',
  test: '测试',
  missing: '请选择分机并填写号码。',
  outcome: {
    dial: '呼叫可以外呼', internal: '呼叫在内部接通', go: '呼出路由将其转往他处', tenant: '呼叫转到其他团队', refuse: '呼叫被拒绝', barred: '被名单或中继规则禁止', no_trunk: '没有可用的中继', no_rate: '没有适用的费率', caller_not_allowed: '主叫号码不属于本团队', country_barred: '不允许呼叫该国家或地区', no_number_free: '号码池没有空闲号码', no_line_free: '主叫号码的并发已满', calls_hour: '每小时呼叫数已达上限', calls_day: '每天呼叫数已达上限', spend_hour: '每小时费用已达上限', spend_day: '每天费用已达上限', abroad: '国际呼叫数已达上限', over_limit: '所有中继已满', unreachable: '没有就绪的中继'
  },
  because: '原因',
  reasons: {
    'the extension may not dial out': '分机不允许外呼', 'the extension may not dial this far': '分机的外呼权限不够', 'the agent group calls none but its recent callers': '坐席组只能呼叫近期通话的号码', 'the outbound route ends it': '呼出路由规则为挂断', 'no rule of the outbound route fits': '呼出路由没有匹配的规则', 'no such number, and no trunk for it': '内部没有该号码，也没有中继', 'no caller number is chosen': '没有选择主叫号码', 'too many calls of the tenant': '团队并发已满', 'no calls between extensions': '不允许分机互拨', 'the telephone of a signed-in agent takes agent calls only': '已有坐席签入：请从控制台呼出', 'no such number': '没有这个号码'
  },
  to: '转接',
  leaves: '外呼号码',
  route: '呼出路由',
  rule: '规则',
  noRoute: '无：按所拨号码呼出',
  over: '经由',
  overBy: { number: '主叫号码所属中继', rate: '费率指定的中继', extension: '由分机指定', account_group: '由账号组指定', tenant: '由团队指定', access_number: '由接入号指定' },
  caller: '主叫号码',
  callerBy: { chosen: '坐席所选', service: '服务号码', access_number: '账号的接入号', agent: '坐席的号码', extension_number: '分机的中继号码', extension: '分机的号码', extension_pool: '分机的号码池', tenant: '团队的号码', tenant_pool: '团队的号码池' },
  noCaller: '无：使用中继自身号码',
  lines: (n: number, max: number) => (max < 0 ? `当前 ${n} 通` : `当前 ${n} / ${max} 通`),
  anonymous: '匿名',
  emergency: '紧急号码：不受规则、名单和限额约束',
  rate: '费率',
  longest: (s: number) => `最长 ${s} 秒`,
  checks: '检查项',
  check: '检查',
  result: '结果',
  list: { dialled: '名单：所拨号码', leaves: '名单：外呼号码', caller: '线路名单：主叫号码' },
  passes: '通过',
  bars: '禁止',
  dnc: '免打扰名单',
  dncLevels: { system: '运营商免打扰：外呼任务不呼叫', tenant: '团队免打扰：外呼任务不呼叫', campaign: '任务免打扰' },
  notListed: '不在名单',
  country: '防盗打：国家或地区',
  ofNoCountry: '不属于任何国家',
  home: '国内',
  abroad: '国际',
  limit: { calls_hour: '防盗打：每小时呼叫数', calls_day: '防盗打：每天呼叫数', spend_hour: '防盗打：每小时费用', spend_day: '防盗打：每天费用', abroad: '防盗打：国际呼叫数' },
  subject: { tenant: '团队', extension: '分机', account: '账号' },
  used: (a: string, b: string) => `${a} / ${b}`,
  trunks: '中继（按尝试顺序）',
  trunk: '中继',
  why: '原因',
  address: '地址',
  shows: '显示号码',
  notYours: '运营商的中继',
  verdict: { off: '已停用或不属于本团队', barred: '中继规则禁止该号码', no_rate: '要求费率但没有适用的', listed: '线路名单禁止该主叫', caller: '不允许显示该主叫' },
  state: { ok: '就绪', closed: '不在工作时间', paused: '连续失败后暂停', unreachable: '无应答', unregistered: '未注册', full: '通道已满' },
  first: '首先尝试'
}
export const t = bilingual(zh, en)

export interface Hop { order: number; state: string; uri: string | null; caller: string | null; caller_name: string | null; host: string }
export interface TrunkTold { trunk: string; rule: string | null; verdict: string; hosts: Hop[] }
export interface LimitTold { guard: string; limit: string; subject: string; refuses: number; used: string; of: string }
export interface EdgeTold {
  outcome: string; by: string | null; number: string | null; country: string | null; abroad: number; country_barred: number; country_guard: string | null
  rate: string | null; caller: string | null; caller_number: string | null; number_calls: number; number_max: number; longest_s: number; limits: LimitTold[]; trunks: TrunkTold[]
}
export interface ListTold { about: string; number: string; trunk: string | null; barred: boolean; rows: { id: string | null; number: string; reason: string | null; counts: boolean }[] }
export interface OutboundTold {
  outcome: string; verdict: string; because?: string; kind?: string | null; target?: string | null
  leaves_as?: string | null; route?: string | null; rule?: string | null; object?: string | null; object_by?: string | null
  caller?: string | null; caller_by?: string | null; pool?: string | null; anonymous?: boolean; emergency?: boolean
  trunk?: string; shows?: string | null; uri?: string | null; time_zone?: string; do_not_call: string | null
  edge?: EdgeTold; lists: ListTold[]; names: Record<string, string>
}

export interface Check { what: string; good: boolean; said: string; row?: string }

/** Money is told in millionths. */
const amount = (limit: string, n: string): string => (limit.startsWith('spend') ? (Number(n) / 1_000_000).toFixed(2) : n)

/** Everything that was asked about the call, a line each, in the order in which it is asked. */
export function checksOf(told: OutboundTold): Check[] {
  const w = t.value
  const lists = told.lists.map((l): Check => {
    const row = l.rows.find((r) => r.counts && l.barred)
    return { what: `${w.list[l.about]} ${l.number}${l.trunk ? ` (${told.names[l.trunk] ?? w.notYours})` : ''}`, good: !l.barred, said: [l.barred ? w.bars : w.passes, row?.number, row?.reason].filter(Boolean).join(', '), ...(row?.id && { row: `/data/blacklist/${row.id}` }) }
  })
  const e = told.edge
  if (!e || told.emergency) return lists
  const country: Check = { what: w.country, good: !e.country_barred, said: [e.country ?? w.ofNoCountry, e.abroad ? w.abroad : w.home, e.country_barred ? w.bars : w.passes].join(', '), ...(e.country_guard && { row: `/data/toll-guards/${e.country_guard}` }) }
  const limits = e.limits.map((l): Check => ({ what: `${w.limit[l.limit] ?? l.limit} (${w.subject[l.subject] ?? l.subject})`, good: !l.refuses, said: `${w.used(amount(l.limit, l.used), amount(l.limit, l.of))}, ${l.refuses ? w.bars : w.passes}`, row: `/data/toll-guards/${l.guard}` }))
  return [...lists, { what: w.dnc, good: true, said: told.do_not_call ? (w.dncLevels[told.do_not_call] ?? told.do_not_call) : w.notListed }, country, ...limits]
}

/** Why a trunk is used, or is not. */
export function whyOf(told: OutboundTold, x: TrunkTold): string {
  const w = t.value
  if (x.verdict !== 'planned') return [w.verdict[x.verdict], x.rule ? told.names[x.rule] : ''].filter(Boolean).join(': ')
  if (told.lists.some((l) => l.trunk === x.trunk && l.barred)) return w.verdict.listed ?? ''
  const states = [...new Set(x.hosts.map((h) => w.state[h.state] ?? w.verdict[h.state] ?? h.state))].join(', ')
  return x.trunk === told.trunk ? `${states}, ${w.first}` : states
}
