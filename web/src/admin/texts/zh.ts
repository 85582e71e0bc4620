// Texts of the hand-made pages; en.ts has the same shape.
export const zh = {
  add: '添加', edit: '编辑', remove: '删除', save: '保存', cancel: '取消', confirm: '确定', close: '关闭', back: '上一步', next: '下一步', preview: '预览', search: '搜索', reset: '重置', filter: '筛选', all: '全选', any: '全部',
  choose: '请选择', none: '暂无', loading: '正在载入…', saved: '已保存', remark: '备注', yes: '是', no: '否', enabled: '可用', disabled: '不可用', unchanged: '不修改', details: '详细', more: '更多', moreFields: '显示全部字段', export: '导出',
  takeOut: '移除', andMore: '还有 {n} 项，请用筛选缩小范围', foldAll: '全部收起', unfoldAll: '全部展开', unlimited: '无限制', tenant: '团队', previous: '上一页', nextPage: '下一页', unsaved: '有未保存的修改', order: '顺序',
  moveHint: '拖动，或按 Alt + 方向键移动', moveRow: '移动 {name}', moveRowHint: '拖动，或按上下方向键移动',
  kinds: { read: '查看', create: '添加', update: '编辑', delete: '删除', export: '导出', import: '导入' },
  roles: {
    title: '角色管理', hint: '角色决定账号能打开哪些页面、看到谁的数据和哪些字段', name: '角色名称', kind: '角色类型', systemDefault: '系统默认', removeQuestion: '删除角色“{name}”？仍在使用的角色不能删除。',
    permissions: '功能权限', scope: '数据范围', fields: '字段权限', masks: '敏感信息', page: '页面', special: '其他权限', filter: '按页面名称筛选', cell: '{page}：{kind}', wholeRow: '{page}：全选', wholeColumn: '全部页面：{kind}', wholeModule: '{module}：全选',
    beyond: '你自己没有这项权限，不能授予或收回', barred: '运营商不允许授予这项权限', fixed: '系统默认角色或没有编辑权限，不能修改', field: '字段', resource: '模块', sensitive: '敏感', accessOf: '{role} 对 {field}', fieldsHint: '选择一个模块，逐个字段设置各角色能否查看和修改。未设置的字段可读写。',
    masksHint: '未勾选时，对应内容在列表、详情、导出、历史和实时消息中都以掩码显示。', noDepartments: '还没有部门'
  },
  roleKinds: { admin: '管理员', agent: '坐席', custom: '自定义' } as Record<string, string>,
  scopes: { own: '本人', group: '本组', department: '本部门及下级', chosen: '指定部门', tenant: '整个团队' },
  scopeHelp: { own: '只看到与自己有关的数据', group: '自己所管理或所在账号组成员的数据', department: '自己所在部门及其下级部门的数据', chosen: '下面勾选的部门及其下级的数据', tenant: '团队内全部数据' },
  access: { write: '读写', read: '只读', masked: '掩码', none: '不可见' },
  grantable: {
    title: '权限管理', hint: '决定各页面有哪些权限可以授予角色；改动影响所有团队的角色设置', category: '所属分类', allCategories: '全部分类', search: '页面名称', count: '共 {n} 个页面，第 {page} / {pages} 页', explain: '取消勾选后，角色管理中不能再授予这项权限。', allowed: '可授予', forbidden: '不可授予'
  },
  password: {
    title: '登录密码', short: '密码', old: '当前密码', next: '新密码', again: '再输入一次新密码', change: '修改密码', changed: '密码已修改，其他地方的登录已退出', length: '至少 {n} 个字符', classes: '大写、小写、数字、符号中至少 {n} 种', runs: '没有 4 个以上连续或重复的字符',
    history: '不能与最近 {n} 次用过的密码相同', met: '（已满足）', unmet: '（未满足）', differ: '两次输入不一致', oldWrong: '当前密码不正确', generate: '随机生成'
  },
  fax: { pdf: '下载PDF', tiff: '下载TIFF', preparing: '正在转换文件' },
  totp: {
    title: '两步验证', about: '登录时除密码外再输入手机验证器上的 6 位数字', isOn: '已开启', isOff: '未开启', password: '登录密码', turnOn: '开启', turnOff: '关闭', qr: '两步验证二维码', scan: '用验证器应用扫描二维码，再输入它显示的 6 位数字。', byHand: '不能扫描时手工输入密钥：',
    code: '6 位验证码', confirm: '确认开启', enabled: '两步验证已开启', disabled: '两步验证已关闭', wrongPassword: '密码不正确', wrongCode: '验证码不正确，请检查手机时间后重试'
  },
  sessions: { title: '登录会话', hint: '账号当前在哪里登录；不认识的请立即退出并修改密码', where: '设备', source: '地址', since: '登录时间', seen: '最近活动', end: '退出登录', endQuestion: '让这处登录立即退出？', thisOne: '本机', none: '没有登录', program: '程序' },
  me: { title: '个人信息', about: '基本信息', name: '姓名', email: '电子信箱', phone: '电话', language: '界面语言', tenantLanguage: '随团队', lastLogin: '上次登录', passwordSince: '上次修改' },
  quick: {
    setupTitle: '快速设置', setupHint: '批量创建账号、分机和坐席', setupSteps: ['选择对象', '填写参数', '预览', '完成'], account: '账号', newAccounts: '自动生成新账号', givenAccount: '属于指定账号', object: '对象',
    objects: { agents_extensions: '坐席和分机', extensions: '分机', agents: '仅坐席' }, objectHelp: { agents_extensions: '坐席及其使用的内部分机', extensions: '只有分机', agents: '坐席使用系统外的电话，号码随后在坐席管理中设置' },
    count: '生成数量', usernamePrefix: '用户名前缀', usernameHelp: '依次为 前缀0、前缀1 …', firstExtension: '起始分机号码', firstAgent: '起始坐席工号', role: '角色', department: '部门', passwords: '密码', random: '随机', randomHelp: '每个账号和分机各用一个随机密码',
    passwordLength: '密码长度', passwordPrefix: '密码前缀', details: '详细设置', willMake: '将创建 {n} 组', made: '已创建 {n} 组', saveCsv: '数据已保存，是否保存 CSV 文件？', csv: '保存 CSV 文件', again: '再建一批', taken: '已存在', template: '下载填写模板', filled: '导入填好的模板', changePasswords: '修改密码',
    columns: { extension: '分机号码', extension_password: '分机密码', agent: '坐席工号', agent_password: '坐席密码', username: '用户名', account_password: '用户密码', email: '邮箱' },
    editTitle: '快速编辑', editHint: '对选定的多个分机、坐席或账号做同样的修改', editSteps: ['选择对象', '选择范围', '设置修改', '预览'], editObjects: { extensions: '分机', agents: '坐席', accounts: '账号' }, available: '可选', selected: '已选', onlySet: '只修改填写了的项目；前缀和后缀加在原值两边。',
    field: '项目', prefix: '前缀', suffix: '后缀', resetPassword: '重置密码', prefixNeeded: '重置密码时必须填写前缀，新密码为前缀加后缀', firstAfter: '共修改 {n} 项，第一项修改后如下：', before: '修改前', after: '修改后', saveChanges: '保存修改', edited: '已修改 {n} 项'
  },
  account: {
    extensions: '查看分机', addExtension: '添加分机', agent: '配置坐席', loginAs: '以此账号登录', loginAsQuestion: '以“{name}”的身份登录？所做的一切会同时记在你和该账号名下。', resetPassword: '重置密码', enable: '启用', disable: '停用', dropTotp: '取消两步验证', dropTotpQuestion: '取消 {name} 的两步验证？',
    extensionsOf: '{name} 的分机', extensionFor: '为 {name} 添加分机', agentFor: '为 {name} 配置坐席', sessionsOf: '{name} 的登录会话', resetOf: '重置 {name} 的密码', mustChange: '下次登录必须修改密码', resetEnds: '该账号已有的登录会立即退出，因多次输错而被锁定的也同时解除。', passwordSet: '密码已重置',
    loginName: '登入用户名', extensionName: '分机名称', extensionNumber: '分机号码', status: '状态', removeExtension: '删除这个分机？', noExtensions: '还没有分机', wizard: '账号 {name} 已创建：添加分机', later: '以后再说'
  },
  groups: { members: '成员账号', available: '可添加的账号', inside: '组内账号', admin: '组管理员', saveMembers: '保存成员' },
  org: {
    title: '组织架构', hint: '部门与职场；拖动可以调整上下级和顺序', addTop: '添加部门', addBelow: '添加下级', edit: '编辑部门', parent: '上级', name: '名称', kind: '类型', kinds: { department: '部门', workplace: '职场' } as Record<string, string>, none: '还没有部门', loose: '未分配部门', members: '成员',
    below: '含下级', moveTo: '调整部门', addMember: '添加成员', addMemberTo: '添加成员到 {name}', removeQuestion: '删除“{name}”？有下级或成员的部门不能删除。', username: '用户名', personName: '姓名', number: '账号', department: '部门', nobody: '没有成员'
  },
  usage: { title: '系统使用信息', hint: '已用 / 上限', total: '系统总计', of: '{label}：已用 {used}，上限 {max}', search: '团队名称', address: '公司地址', phone: '管理员电话', email: '管理员邮箱' },
  quotas: { accounts: '账号', agents: '坐席', extensions: '分机', queues: '队列', rooms: '会议室', campaigns: '外呼任务', storage_mb: '存储 (MB)' },
  money: { recharge: '充值', rechargeTitle: '充值', balance: '余额' },
  lists: { number: '号码', direction: '方向', added: '添加时间', addBlack: '添加到黑名单', addWhite: '添加到白名单', removeAsk: '从名单中删除这个号码？', directions: { in: '呼入', out: '呼出', both: '呼入和呼出' } },
  tenants: { enter: '进入团队', agents: '组内坐席', accounts: '组内用户', extensions: '组内分机', blacklist: '编辑黑名单', whitelist: '编辑白名单', exportData: '导出配置', importData: '导入配置', imported: '配置已导入' },
  jobStates: { waiting: '等待中', running: '进行中', cancelling: '正在取消', cancelled: '已取消', finished: '已完成', failed: '失败' } as Record<string, string>,
  settings: { title: '系统设置', general: '常规', branding: '品牌', displayName: '显示名称', logo: '公司 LOGO', chooseLogo: '选择图片', logoRule: 'PNG、JPEG 或 WebP，不超过 1 MB', saveBranding: '保存品牌' },
  audit: {
    title: '操作日志', hint: '谁在何时对什么做了什么；任何人都不能修改或删除', who: '操作者', event: '操作', resource: '模块', word: '对象名称', from: '开始时间', until: '结束时间', source: '来源地址', when: '时间', what: '对象', via: '途径', by: '由 {name} 代为操作', before: '原值', after: '新值', secret: '（已更改，内容保密）',
    noChanges: '没有字段变化', request: '请求编号 {id}'
  },
  events: {
    create: '添加', update: '修改', delete: '删除', restore: '恢复', import: '导入', export: '导出', download: '下载', login: '登录', 'login.failed': '登录失败', logout: '退出', timeout: '超时退出', enter: '进入团队', impersonate: '代为登录', password: '修改密码', totp: '两步验证', 'session.revoke': '结束会话', denied: '拒绝'
  } as Record<string, string>,
  vias: { api: '页面或接口', import: '导入', job: '后台任务', system: '系统' } as Record<string, string>,
  fields: {
    title: '自定义字段', hint: '为客户、账号等模块增加自己的字段；顺序即表单中的顺序', add: '添加字段', edit: '编辑字段', zh: '字段名称', en: '英文名称', name: '标识', nameHelp: '小写字母开头，只含小写字母、数字、下划线；用于接口和导入', type: '字段类型', default: '默认值', defaultWrong: '与字段类型不符', mask: '掩码', noMask: '不掩码',
    enabled: '是否启用', required: '是否必填', unique: '不允许重复', choices: '选项值', ownChoices: '单独设置', fromDictionary: '取自数据字典', choicesMissing: '至少要有一个选项', choiceZh: '选项', choiceEn: '英文', addChoice: '添加选项', addBelow: '添加下级', helpZh: '填写说明', helpEn: '填写说明（英文）', group: '分组',
    permissions: '字段权限', permissionsLater: '保存后可按角色设置字段权限；新字段默认所有角色可读写。', none: '还没有自定义字段', noResource: '没有可以自定义的模块', removeQuestion: '删除这个字段？已填写的内容不再显示。'
  },
  fieldTypes: { text: '文本', textarea: '文本域', email: '邮箱', phone: '手机', single: '单选', multi: '多选', cascade: '级联', date: '日期', datetime: '日期时间', integer: '整数', decimal: '实数', region: '省市区', attachment: '附件' },
  masks: { phone: '电话', email: '邮箱', id: '证件', name: '姓名', all: '全部' },
  dict: {
    title: '数据字典', hint: '下拉选项的来源；拖动调整顺序', add: '添加字典', edit: '编辑字典', addItem: '添加字典项', editItem: '编辑字典项', addBelow: '添加下级', code: '编码', codeHelp: '小写字母开头', name: '名称', tree: '有上下级', isTree: '树形', isList: '列表', zh: '中文', en: '英文', parent: '上级', noItems: '还没有字典项', removeQuestion: '删除“{name}”及其内容？'
  },
  kb: {
    title: '知识库', all: '全部知识', search: '检索关键字', results: '知识', level1: '一级类别', level2: '二级类别', name: '知识名称', content: '知识内容', history: '历史查看记录', noHistory: '没有记录', none: '没有符合的知识', back: '返回列表', attachments: '附件', download: '下载', tags: '标签', updated: '更新时间', categories: '知识类目', draft: '草稿',
    permissions: '类目权限', mode: '权限方式', inherit: '继承上级', custom: '自定义权限', departments: '部门权限', employees: '员工权限', access: '权限', assign: '分配', access_: { view: '查看', edit: '编辑', manage: '管理' }, noGrants: '还没有分配', manage: '管理知识'
  }
}
