// The hand-made pages of the administration. A page that has a resource's name stands in the place of its generated list.
import type { PageEntry } from '../pages/registry'

export const adminPages: PageEntry[] = [
  { name: 'me', path: '/me', menu: 'desk', order: 0, permission: '', zh: '个人信息', en: 'My profile', component: () => import('../pages/admin/MePage.vue') },
  { name: 'roles', path: '/admin/roles', menu: 'accounts', order: 20, permission: 'roles.read', zh: '角色管理', en: 'Roles', component: () => import('../pages/admin/RolesPage.vue') },
  { name: 'departments', path: '/admin/organisation', menu: 'accounts', order: 40, permission: 'departments.read', zh: '组织架构', en: 'Organisation', component: () => import('../pages/admin/OrganisationPage.vue') },
  { name: 'grantable-permissions', path: '/admin/grantable', menu: 'accounts', order: 50, permission: 'grantable-permissions.read', zh: '权限管理', en: 'Permission registry', side: 'carrier', component: () => import('../pages/admin/GrantablePage.vue') },
  { name: 'quick-setup', path: '/admin/quick-setup', menu: 'accounts', order: 60, permission: 'quick-setup.run', zh: '快速设置', en: 'Quick setup', component: () => import('../pages/admin/QuickSetupPage.vue') },
  { name: 'quick-edit', path: '/admin/quick-edit', menu: 'accounts', order: 61, permission: 'quick-edit.run', zh: '快速编辑', en: 'Quick edit', component: () => import('../pages/admin/QuickEditPage.vue') },
  { name: 'prompt-files', path: '/admin/prompt-files', menu: 'pbx', order: 70.3, permission: 'prompts.update', zh: '批量添加语音文件', en: 'Prompts from files', component: () => import('../pages/admin/PromptFilesPage.vue') },
  { name: 'knowledge', path: '/knowledge/:id?', menu: 'kb', order: 0, permission: 'kb-articles.read', zh: '知识检索', en: 'Knowledge', side: 'tenant', component: () => import('../pages/admin/KnowledgePage.vue') },
  { name: 'settings', path: '/admin/settings', menu: 'system', order: 10, permission: 'settings.read', zh: '系统设置', en: 'Settings', component: () => import('../pages/admin/SettingsPage.vue') },
  { name: 'usage', path: '/admin/usage', menu: 'system', order: 20, permission: '', zh: '系统使用信息', en: 'Usage', component: () => import('../pages/admin/UsagePage.vue') },
  { name: 'dictionaries', path: '/admin/dictionaries', menu: 'system', order: 30, permission: 'dictionaries.read', zh: '数据字典', en: 'Dictionaries', component: () => import('../pages/admin/DictionariesPage.vue') },
  { name: 'custom-fields', path: '/admin/custom-fields', menu: 'system', order: 40, permission: 'custom-fields.read', zh: '自定义字段', en: 'Custom fields', component: () => import('../pages/admin/CustomFieldsPage.vue') },
  { name: 'audit', path: '/admin/audit', menu: 'system', order: 60, permission: 'audit.read', zh: '操作日志', en: 'Operation log', component: () => import('../pages/admin/AuditPage.vue') }
]
