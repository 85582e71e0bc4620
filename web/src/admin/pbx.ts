// Texts of the panels of trunks, trunk groups, outbound routes and extensions.
import { bilingual } from '../i18n/bilingual'

const en = {
  usage: 'Where it is used', kind: 'Target type', name: 'Target name', priority: 'Priority', addRate: 'Add extension rate', editRules: 'Edit trunk rules', back: 'Back to the trunks',
  kinds: { group: 'Trunk group', route: 'Inbound route', accountGroup: 'Account group', extension: 'Extension', rate: 'Extension rate', number: 'Trunk number' },
  trunks: 'Trunks of the group', available: 'Trunks', inside: 'In the group, the first is tried first', saveTrunks: 'Save',
  black: 'Edit black list', white: 'Edit white list',
  rules: 'Edit routing rules', confirm: 'OK', removeAsk: 'Delete this rule?', editHint: 'A double click on a cell edits it',
  columns: { route: 'Route name', prefix: 'Number prefix', kind: 'Transfer', target: 'Transfer name', length: 'Number length', strip: 'Remove prefix', add: 'Add prefix' }
}
const zh: typeof en = {
  usage: '使用情况', kind: '目标类型', name: '目标名称', priority: '优先级', addRate: '添加分机费率', editRules: '编辑中继规则', back: '返回',
  kinds: { group: '中继组', route: '拨入路由', accountGroup: '账号组', extension: '分机', rate: '分机费率', number: '中继号码' },
  trunks: '中继组成员', available: '中继', inside: '已选中继（排在前面的先用）', saveTrunks: '保存',
  black: '编辑黑名单', white: '编辑白名单',
  rules: '编辑路由规则', confirm: '确定', removeAsk: '删除这条规则？', editHint: '双击单元格进行编辑',
  columns: { route: '路由名称', prefix: '号码前缀', kind: '转接', target: '转接名称', length: '号码长度', strip: '移除前缀', add: '增加前缀' }
}
export const tp = bilingual(zh, en)
