// Element Plus, only what the console uses: each name brings its own component and style, nothing else is bundled.
import 'element-plus/es/components/base/style/css'
import 'element-plus/es/components/button/style/css'
import 'element-plus/es/components/form/style/css'
import 'element-plus/es/components/form-item/style/css'
import 'element-plus/es/components/input/style/css'

export { ElButton } from 'element-plus/es/components/button/index'
export { ElForm, ElFormItem } from 'element-plus/es/components/form/index'
export { ElInput } from 'element-plus/es/components/input/index'
