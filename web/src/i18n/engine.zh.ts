export const zh = {
  list: {
    add: '新增', remove: '删除', edit: '编辑', restore: '恢复', purge: '彻底删除', search: '搜索', reset: '重置', upload: '批量上传', export: '导出', import: '导入', refresh: '刷新', duplicate: '复制', open: '查看', play: '播放', download: '下载', close: '关闭', columns: '列设置', more: '更多操作',
    searchBox: '搜索 {fields}', searchBoxAll: '搜索', panel: '筛选条件', data: '显示数据', bin: '回收站', none: '还没有数据', noMatch: '没有符合条件的数据', noMatchHelp: '换一个条件，或清除全部条件', clear: '清除条件', binEmpty: '回收站是空的', firstRow: '新增第一条',
    all: '满足全部条件', any: '满足任一条件', operator: '{field}：条件', value: '{field}：值', chosen: '已选 {n} 条', chooseAll: '选择全部符合条件的 {n} 条', chooseEvery: '选择全部符合条件的数据', allChosen: '已选全部符合条件的数据', unchoose: '取消选择',
    pageOf: '当前 {a}–{b}，共 {n} 条，{pages} 页', pageOpen: '当前 {a}–{b}', count: '统计总数', counting: '统计中…', goTo: '转到', page: '页', size: '每页', rows: '条', endless: '连续滚动', first: '首页', previous: '上一页', next: '下一页', last: '末页', loadedOf: '已载入 {a} 条', tooFar: '页数太大，请先缩小范围',
    density: '行高', compact: '紧凑', normal: '标准', roomy: '宽松', resetColumns: '重置标题栏', sortUp: '升序', sortDown: '降序', unsort: '不排序', hide: '隐藏此列', left: '左移', right: '右移', filterBy: '按此列筛选', columnMenu: '{field}：列操作', selectRow: '选择', selectAll: '选择本页全部', resize: '调整列宽',
    loading: '正在载入…', saved: '已保存', masked: '已脱敏', readonly: '只读', keys: '快捷键', conditionAdd: '添加条件', conditionRemove: '去掉这个条件', shownConditions: '常用条件', deletedRef: '已删除'
  },
  ops: { eq: '等于', ne: '不等于', lt: '小于', le: '不大于', gt: '大于', ge: '不小于', between: '介于', contains: '包含', starts: '开头是', in: '属于', null: '为空', range: '时间范围', dayrange: '日期范围', notnull: '不为空' } as Record<string, string>,
  ranges: { today: '今天', yesterday: '昨天', last7: '最近 7 天', last30: '最近 30 天', week: '本周', month: '本月', lastmonth: '上月', from: '从', to: '到', custom: '自定义' },
  views: { title: '视图', none: '没有保存的视图', save: '保存为视图', name: '视图名称', shared: '与同事共享', default: '默认视图', remove: '删除视图', mine: '我的', others: '共享的' },
  form: {
    create: '新增{what}', edit: '编辑{what}', save: '保存', saveNext: '保存并继续新增', back: '返回', cancel: '取消', required: '必填', faults: '请检查 {n} 处填写', help: '说明', saving: '保存中…', unchanged: '没有改动', yes: '是', no: '否', choose: '请选择', typeToSearch: '输入以搜索', none: '无', nothingFound: '没有找到', addTag: '输入后回车',
    secretKept: '不填则不改', upload: '选择文件', uploading: '上传中 {p}%', removeFile: '移除', download: '下载', seconds: '秒', minutes: '分', hours: '时', code: '代码', json: 'JSON 格式不正确', expandText: '展开', root: '（最上级）',
    created: '已新增', colon: '：', doubleClick: '双击可修改', bold: '加粗', italic: '斜体', strike: '删除线', heading: '标题', bullets: '项目符号', numbers: '编号', quote: '引用', link: '链接', linkAddress: '链接地址', undo: '撤销', redo: '重做', rule: '分隔线', editor: '格式'
  },
  leave: { title: '有未保存的改动', text: '离开后改动会丢失。', stay: '留在本页', leave: '放弃改动' },
  conflict: { title: '这条数据刚被别人改过', text: '{who} 在 {when} 做了修改。请选择保留哪一边。', unknown: '有人', field: '字段', mine: '我的', theirs: '对方的', keepMine: '用我的覆盖', takeTheirs: '采用对方的', goOn: '继续编辑' },
  detail: { data: '资料', history: '修改记录', back: '返回列表', gone: '没有找到这条数据，或已被删除', noHistory: '还没有修改记录', who: '操作人', what: '操作', when: '时间', changes: '改动', from: '原值', to: '新值', via: '方式', source: '来源', system: '系统', acting: '{actor}（以 {account} 登录）', more: '更早', children: '下级', previous: '上一条', next: '下一条', created: '创建于 {at}', updated: '修改于 {at}' },
  events: { create: '新增', update: '修改', delete: '删除', restore: '恢复', purge: '彻底删除', import: '导入', export: '导出', login: '登录', download: '下载' } as Record<string, string>,
  via: { api: '页面或接口', import: '导入', job: '后台任务', system: '系统' } as Record<string, string>,
  confirm: {
    title: '请确认', delete: '删除 {n} 条数据？', deleteOne: '删除“{name}”？', deleteHelp: '删除后进入回收站，可以恢复。', purge: '彻底删除 {n} 条数据？', purgeHelp: '彻底删除后不能恢复。', restore: '恢复 {n} 条数据？', ok: '确定', cancel: '取消', matched: '将处理 {n} 条', dry: '正在核对…',
    done: '已处理 {n} 条', failed: '{n} 条没有成功', background: '数据较多，已转到后台处理', bulkEdit: '批量编辑', bulkHelp: '只修改勾选的字段', setField: '修改此字段', follow: '在导出中心查看'
  },
  tree: { addChild: '新增下级', move: '移动到…', moveTitle: '移动“{name}”', under: '新的上级', expand: '展开', collapse: '收起', expandAll: '全部展开', collapseAll: '全部收起' },
  import: {
    title: '导入{what}', steps: ['上传文件', '核对列', '规则', '结果'], drop: '把 CSV 或 XLSX 文件拖到这里，或点击选择', accept: '支持 CSV（UTF-8、GB18030）与 XLSX；可续传', template: '下载模板', again: '重新选择', uploading: '正在上传', paused: '上传中断', resume: '继续上传', cancelUpload: '取消上传', reading: '正在读取…',
    encoding: '编码', delimiter: '分隔符', sheet: '工作表', skip: '跳过行数', skipHelp: '从文件开头跳过的行数（含标题行）', column: '文件列', field: '对应字段', ignore: '不导入', dictionary: '匹配字典', dictionaryHelp: '把文字换成字典里的编码，例如“男”换成 male', preview: '前 {n} 行', estimate: '约 {n} 行', auto: '已自动匹配 {n} 列', missing: '必填字段还没有对应的列：{fields}', twice: '“{field}”对应了两列',
    mode: '导入方式', create: '只新增', update: '只更新已有', upsert: '新增并更新', match: '按哪些字段判断重复', matchHelp: '这些字段都相同的视为同一条', duplicate: '遇到重复', skipRow: '跳过', updateRow: '更新', rejectRow: '列入失败', at: '开始时间', now: '立即', later: '定时', start: '开始导入', next: '下一步', prev: '上一步',
    running: '正在导入', waiting: '等待开始', finished: '导入完成', failedJob: '导入失败', cancelled: '已取消', cancel: '取消导入', done: '{done} / {total} 行', created: '新增', updated: '更新', skipped: '跳过', failed: '失败', rejects: '下载失败的行', toList: '查看列表', another: '再导入一个', unmapped: '请至少对应一列'
  },
  export: { sounds: '录音文件', at: '执行时间', atHelp: '留空为立即执行，建议选择空闲时间', originals: '原始录音', kept: '保留', gone: '导出后删除', title: '导出{what}', format: '格式', encoding: '编码', utf8: 'UTF-8（带 BOM，Excel 可直接打开）', gb18030: 'GB18030', fields: '导出的列', what: '范围', matching: '当前条件下的全部数据', chosen: '选中的 {n} 条', name: '文件名', start: '开始导出', started: '已开始导出，完成后可在导出中心下载', all: '全选', none: '全不选', goto: '打开导出中心' },
  jobs: {
    title: '导出中心', help: '导入、导出和批量处理都在后台进行，结果在这里。', none: '还没有任务', kind: '类型', resource: '数据', state: '状态', progress: '进度', rows: '行数', created: '提交时间', file: '文件', actions: '操作', cancel: '取消', download: '下载', rejects: '失败的行', remove: '删除', removeAsk: '删除这个任务和它的文件？', error: '原因', more: '更多', account: '提交人', all: '全部类型', allStates: '全部状态',
    kinds: { import: '导入', export: '导出', bulk: '批量处理', tenant_export: '团队数据导出', tenant_import: '团队数据导入', purge: '清理', restore: '恢复', prompt_files: '批量添加语音文件' } as Record<string, string>,
    states: { waiting: '等待', running: '进行中', cancelling: '取消中', cancelled: '已取消', finished: '完成', failed: '失败' } as Record<string, string>
  },
  keys: { title: '快捷键', items: [['/', '搜索'], ['↑ ↓ ← →', '移动'], ['Enter', '打开'], ['Space', '勾选'], ['F2', '就地编辑'], ['n', '新增'], ['Home End', '行首、行尾'], ['PageUp PageDown', '翻屏'], ['Esc', '取消'], ['?', '显示快捷键']] as [string, string][], close: '关闭' }
}
