// Texts of what is loaded at once: the login page and the banner. The other pages' come with them.
import { bilingual } from '../../i18n/bilingual'

export const ownTexts = bilingual(
  {
    acting: '{by} 正以 {name} 的身份登录', recorded: '所做的一切记入双方的操作日志', backToSelf: '返回自己的账号', inside: '你正在团队“{tenant}”中操作', leaveTenant: '离开团队',
    code: '动态验证码', codeHelp: '打开验证器应用，输入 6 位数字', codeWrong: '验证码不正确或已用过', codeMissing: '请输入 6 位验证码', other: '换一个账号登录', locked: '尝试次数过多，{time} 后可再试',
    newPassword: '请先设置新密码', newPasswordWhy: '管理员要求你在继续之前更换密码', totpFirst: '请先设置两步验证', totpFirstWhy: '团队要求所有账号使用两步验证'
  },
  {
    acting: '{by} is logged in as {name}', recorded: 'Whatever is done is logged for both', backToSelf: 'Back to my account', inside: 'You are working inside tenant “{tenant}”', leaveTenant: 'Leave tenant',
    code: 'Authentication code', codeHelp: 'Open your authenticator app and type the 6 digits', codeWrong: 'The code is wrong or was used before', codeMissing: 'Type the 6 digits', other: 'Use another account', locked: 'Too many tries. Try again in {time}',
    newPassword: 'Choose a new password first', newPasswordWhy: 'Your administrator asks for a new password before you go on', totpFirst: 'Set up two-step login first', totpFirstWhy: 'Your tenant asks every account for it'
  }
)
