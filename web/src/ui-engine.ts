// Element Plus for the generated pages, loaded with the first of them: each name brings its own component and style.
import type { Component } from 'vue'
import { ElCascader as Cascader } from 'element-plus/es/components/cascader/index'
import { ElDatePicker as DatePicker } from 'element-plus/es/components/date-picker/index'
import { ElInputTag as InputTag } from 'element-plus/es/components/input-tag/index'
import { ElOption as Option, ElSelect as Select } from 'element-plus/es/components/select/index'
import 'element-plus/es/components/base/style/css'
import 'element-plus/es/components/cascader/style/css'
import 'element-plus/es/components/checkbox/style/css'
import 'element-plus/es/components/config-provider/style/css'
import 'element-plus/es/components/date-picker/style/css'
import 'element-plus/es/components/dialog/style/css'
import 'element-plus/es/components/input-tag/style/css'
import 'element-plus/es/components/message/style/css'
import 'element-plus/es/components/option/style/css'
import 'element-plus/es/components/progress/style/css'
import 'element-plus/es/components/select/style/css'
import 'element-plus/es/components/switch/style/css'
import 'element-plus/es/components/tooltip/style/css'
import './styles/engine.css'

export { ElButton } from 'element-plus/es/components/button/index'
export { ElCheckbox } from 'element-plus/es/components/checkbox/index'
export { ElConfigProvider } from 'element-plus/es/components/config-provider/index'
export { ElDialog } from 'element-plus/es/components/dialog/index'
export { ElForm, ElFormItem } from 'element-plus/es/components/form/index'
export { ElInput } from 'element-plus/es/components/input/index'
export { ElMessage } from 'element-plus/es/components/message/index'
export { ElProgress } from 'element-plus/es/components/progress/index'
export { ElSwitch } from 'element-plus/es/components/switch/index'
export { ElTooltip } from 'element-plus/es/components/tooltip/index'

// The types that come with these five do not fit what they take; templates check the rest.
export const ElCascader: Component = Cascader
export const ElDatePicker: Component = DatePicker
export const ElInputTag: Component = InputTag
export const ElOption: Component = Option
export const ElSelect: Component = Select
