// The groups of the menu in their order. A table's comment says "menu":"<name>"; what says nothing stands under `other`.
export const menuGroups = {
  live: { zh: '实时', en: 'Live' },
  desk: { zh: '基本管理', en: 'My desk' },
  leader: { zh: '坐席组长', en: 'Group leader' },
  dialing: { zh: '预拨号', en: 'Predictive dialling' },
  callcentre: { zh: '呼叫中心', en: 'Call centre' },
  queues: { zh: '队列', en: 'Queues' },
  pbx: { zh: '话务配置', en: 'Telephony' },
  crm: { zh: '客户', en: 'Customers' },
  kb: { zh: '知识库', en: 'Knowledge base' },
  accounts: { zh: '账号与权限', en: 'Accounts and permissions' },
  reports: { zh: '报表', en: 'Reports' },
  system: { zh: '系统', en: 'System' },
  other: { zh: '其他', en: 'Other' }
} as const

export type MenuGroupName = keyof typeof menuGroups
