// Texts of the page of trunks as they are now.
import { bilingual } from '../i18n/bilingual'

const en = {
  title: 'Trunks now',
  hint: 'Reachable or not, calls of so many channels, as the edge sees them; every three seconds.',
  search: 'Name, identifier or address',
  troubled: 'In trouble only',
  trunk: 'Trunk',
  tenant: 'Team',
  type: 'Signalling',
  types: { address: 'SIP by address', registration: 'SIP by registration' } as Record<string, string>,
  state: 'State',
  states: { ok: 'OK', disabled: 'Disabled', closed: 'Outside of its hours', paused: 'Paused after failures', unregistered: 'Not registered', unreachable: 'Unreachable', full: 'All channels in use' } as Record<string, string>,
  registration: 'Registration',
  registrations: { none: '–', trying: 'Trying', registered: 'Registered', failed: 'Failed' } as Record<string, string>,
  channels: 'Channels used / total',
  unlimited: 'unlimited',
  tried: 'Calls answered / tried',
  hosts: 'Addresses',
  health: { up: 'answers', down: 'does not answer', unknown: 'not asked' } as Record<string, string>,
  total: (n: number, bad: number, calls: number) => `${n} trunks, ${bad} in trouble, ${calls} calls`,
  stale: 'This is no longer up to date: ',
  none: 'No trunk.',
  loading: 'Loading …'
}
const zh: typeof en = {
  title: '中继状态',
  hint: '边缘所见的中继状态、占用通道；每三秒刷新。',
  search: '名称、标识或地址',
  troubled: '仅显示异常',
  trunk: '中继',
  tenant: '团队',
  type: '信令',
  types: { address: 'SIP（IP）', registration: 'SIP（注册）' },
  state: '告警',
  states: { ok: '正常', disabled: '已停用', closed: '非工作时间', paused: '连续失败后暂停', unregistered: '未注册', unreachable: '不可达', full: '通道已满' },
  registration: '注册状态',
  registrations: { none: '–', trying: '注册中', registered: '已注册', failed: '注册失败' },
  channels: '通道 已用/总数',
  unlimited: '无限制',
  tried: '接通/呼叫',
  hosts: '地址',
  health: { up: '应答', down: '无应答', unknown: '未探测' },
  total: (n, bad, calls) => `${n} 条中继，${bad} 条异常，${calls} 个通话`,
  stale: '数据已过时：',
  none: '没有中继。',
  loading: '加载中…'
}
export const t = bilingual(zh, en)
