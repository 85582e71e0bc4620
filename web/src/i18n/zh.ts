export const zh = {
  brand: '总机',
  skip: '跳到正文',
  nav: { label: '主导航', search: '搜索页面', nothing: '没有符合的页面', fold: '收起菜单', unfold: '展开菜单' },
  bar: { theme: '切换深浅色', lang: 'Switch to English', logout: '退出', tenant: '团队', carrier: '运营商', account: '当前账号' },
  link: {
    idle: '未连接', connecting: '连接中', live: '实时', stale: '已过时', waiting: '重连中', ended: '已断开',
    staleTitle: '数据已过时', staleAcd: '呼叫引擎暂时不可用，恢复后自动更新', staleNet: '与服务器的连接已断开，正在重新连接', asOf: '画面停在 {time}', loading: '正在载入实时数据…'
  },
  login: {
    title: '登录', tenant: '团队', tenantHelp: '运营商账号留空', username: '用户名', password: '密码', submit: '登录', busy: '正在登录…',
    usernameMissing: '请填写用户名', passwordMissing: '请填写密码', wrong: '团队、用户名或密码不正确', tooMany: '尝试次数过多，请在 {seconds} 秒后再试',
    ended: '会话已结束，请重新登录', tagline: '每一通电话，都有着落。', sub: '开放的运营级多租户虚拟呼叫中心'
  },
  problem: { network: '连不上服务器，请检查网络后重试', away: '服务暂时不可用，请稍后重试', permission: '没有权限', notFound: '没有找到，或已被删除', unknown: '请求失败（{status}）', request: '请求编号 {id}' },
  board: {
    title: '实时看板', nowWaiting: '等待', longest: '最长等待', nobody: '无人等待', agents: '坐席', signedIn: '签入', today: '今日', offered: '进线', answered: '接通', abandoned: '放弃',
    serviceLevel: '服务水平', answerRate: '接通率', allQueues: '全部队列', onlyQueue: '只看 {name}', noTenant: '请先在上方选择一个团队'
  },
  queue: { title: '队列', name: '队列', waiting: '等待', longest: '最长', free: '空闲/签入', answered: '接通/进线', abandoned: '放弃', level: '服务水平', none: '还没有队列' },
  waiting: { title: '排队来电', caller: '主叫', queue: '队列', time: '已等待', position: '位置', offered: '正在呼叫 {agent}', none: '没有来电在等待', vip: '优先 {n}' },
  agent: {
    title: '坐席', search: '按姓名、工号、分机筛选', signedOut: '显示未签入', none: '没有坐席签入', noMatch: '没有符合的坐席', unregistered: '话机未注册', today: '今日 {n} 通', more: '再显示 {n} 位',
    control: '管理这个坐席', commands: { idle: '强制空闲', busy: '强制示忙', out: '强制签出', hangup: '强制挂断' },
    state: { signed_out: '未签入', idle: '空闲', reserved: '待振铃', ringing: '振铃', talking: '通话', after_call: '话后', busy: '示忙', outbound_only: '仅外呼', offline: '掉线' }
  },
  call: {
    title: '通话', none: '当前没有通话', caller: '主叫', callee: '被叫', who: '坐席/队列', time: '时长', started: '开始', wait: '等待', talk: '通话', result: '结果', open: '查看详情',
    where: { queue: '排队', ring: '振铃', hold: '保持', ivr: 'IVR', talk: '通话', fax: '传真', ended: '结束' },
    direction: { in: '呼入', out: '呼出', internal: '内部' },
    role: { customer: '客户', agent: '坐席', consulted: '咨询', external: '外线', supervisor: '班长', room: '会议' },
    leg: { trying: '接入', ringing: '振铃', early: '早期媒体', answered: '接通', ended: '结束' },
    results: {
      answered: '已接通', abandoned_ivr: 'IVR 放弃', abandoned_queue: '排队放弃', no_answer: '无人接听', busy: '忙', rejected: '拒接', unreachable: '不可达', barred: '被拦截', over_limit: '超限', failed: '失败'
    },
    segment: {
      talk: '通话', hold: '保持', consult: '咨询', conference: '会议', listen: '监听', whisper: '密语', barge: '强插', ivr: 'IVR', queue: '排队', park: '驻留', voicemail: '留言', ring: '振铃', fax: '传真'
    }
  },
  calls: { title: '通话记录', search: '主叫号码', all: '全部结果', more: '更多', none: '没有符合的通话', refresh: '刷新', loading: '正在载入…', dial: '呼出', dial0: '加0呼出', restricted: '外呼限制，请在通话记录中选拨！' },
  drawer: {
    title: '通话详情', timeline: '经过', legs: '通话方', recordings: '录音', noRecording: '没有录音', id: '编号', hangup: '挂断', by: { customer: '客户', agent: '坐席', system: '系统' },
    living: '通话进行中，结束后可看经过和录音', close: '关闭', noListen: '没有收听录音的权限', facts: '概要', codec: '编码', quality: '质量'
  },
  data: { title: '资料', search: '筛选', none: '还没有数据', row: '详情', yes: '是', no: '否', more: '更多', choose: '选择一类资料' }
}
