// The drawer is needed on second look only: pages load it when it opens.
import 'element-plus/es/components/drawer/style/css'

export { ElDrawer } from 'element-plus/es/components/drawer/index'
