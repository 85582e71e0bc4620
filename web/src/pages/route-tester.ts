// Texts of the route tester, and what the edge's words mean.
import { bilingual } from '../i18n/bilingual'

const en = {
  title: 'Route tester',
  hint: 'What would happen to a call, and which inbound routes decide it.',
  number: 'Called number',
  caller: 'Caller',
  callerHint: 'Empty: a caller without a number',
  trunk: 'Trunk',
  trunkHint: 'Empty: no trunk in particular',
  at: 'Time',
  atHint: 'In the time zone of the team; empty: now',
  test: 'Test',
  missing: 'Type the number that is called.',
  outcome: { found: 'The call goes on', 'no such number': 'There is no such number here', 'no destination for this call': 'No route takes this call: the caller hears 404', 'not from a trunk of this tenant or the carrier': 'The trunk is not one of this team or the carrier' } as Record<string, string>,
  by: { route: 'by the route', number: 'by the DID’s own account or extension', default: 'by the team’s default destination' } as Record<string, string>,
  segment: { working: 'working time', off_duty: 'off duty', holiday: 'holiday' } as Record<string, string>,
  verdict: { wins: 'Takes the call', beaten: 'Would take it', no: 'Does not match' } as Record<string, string>,
  against: { enabled: 'not enabled', did: 'another DID', caller: 'another caller', trunk: 'another trunk', time: 'another day or time', package: 'outside of its work-time package' } as Record<string, string>,
  decided: { priority: 'the winner has a higher priority', did_match: 'the winner names the DID more precisely', did_precision: 'the winner’s digits are more precise', caller_match: 'the winner names the caller more precisely', caller_precision: 'the winner’s caller is more precise', trunk: 'the winner names the trunk', time: 'the winner names a time', older: 'the winner is older' } as Record<string, string>,
  to: 'Destination',
  localTime: 'Local time',
  weekdays: ['', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  holiday: 'holiday',
  vip: 'VIP number',
  binding: 'Page that opens',
  bindings: { campaign: 'campaign', business_client: 'business client', application: 'application' } as Record<string, string>,
  routes: 'Routes considered',
  route: 'Route',
  priority: 'Priority',
  why: 'Why',
  none: 'There are no routes.',
  more: (n: number, all: number) => `${n} of ${all} routes: those that are nearest to taking the call.`
}
const zh: typeof en = {
  title: '路由测试',
  hint: '查看一通来电会转接到哪里，以及由哪些拨入路由决定。',
  number: '被叫号码',
  caller: '主叫号码',
  callerHint: '留空为无主叫号码',
  trunk: '中继',
  trunkHint: '留空为不指定中继',
  at: '时间',
  atHint: '按团队时区；留空为现在',
  test: '测试',
  missing: '请填写被叫号码。',
  outcome: { found: '来电可以接通', 'no such number': '没有这个号码', 'no destination for this call': '没有路由匹配此来电：主叫听到 404', 'not from a trunk of this tenant or the carrier': '该中继不属于本团队或运营商' },
  by: { route: '由路由决定', number: '由DID绑定的账号或分机决定', default: '由团队默认话务目标决定' },
  segment: { working: '上班时间', off_duty: '下班时间', holiday: '节假日' },
  verdict: { wins: '采用', beaten: '匹配，未采用', no: '不匹配' },
  against: { enabled: '未启用', did: 'DID不符', caller: '主叫不符', trunk: '中继不符', time: '日期或时间不符', package: '不在工作时间包内' },
  decided: { priority: '优先级低于采用的路由', did_match: '采用的路由DID匹配更精确', did_precision: '采用的路由号码更精确', caller_match: '采用的路由主叫匹配更精确', caller_precision: '采用的路由主叫更精确', trunk: '采用的路由指定了中继', time: '采用的路由指定了时间', older: '采用的路由建立更早' },
  to: '转接',
  localTime: '当地时间',
  weekdays: ['', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六', '星期日'],
  holiday: '节假日',
  vip: 'VIP号码',
  binding: '弹屏目标',
  bindings: { campaign: '外呼营销中心', business_client: '虚拟呼入用户', application: '业务应用' },
  routes: '参与匹配的路由',
  route: '路由名称',
  priority: '优先级',
  why: '原因',
  none: '没有路由。',
  more: (n: number, all: number) => `共 ${all} 条路由，显示最接近匹配的 ${n} 条。`
}
export const t = bilingual(zh, en)

export interface Opinion {
  id: string
  name: string
  priority: number
  verdict: 'wins' | 'beaten' | 'no'
  against: string[] | null
  decided_by: string | null
}
export interface Explanation {
  outcome: string
  tenant?: string
  number?: string
  kind?: string
  target?: string
  by?: string
  segment?: string | null
  id?: string | null
  local_time?: string
  weekday?: number
  time_zone?: string
  holiday?: boolean
  vip?: boolean
  binding?: string | null
  binding_target?: string | null
  considered?: number
  routes: Opinion[]
}
