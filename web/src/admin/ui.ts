// What every hand-made page needs: the shared look and Element Plus' messages. Loaded with the first such page, not before.
import 'element-plus/es/components/base/style/css'
import 'element-plus/es/components/message/style/css'
import { ElMessage } from 'element-plus/es/components/message/index'
import type { Row } from '../api/types'
import { labelOf, problemText } from '../i18n'
import './admin.css'

export { ElButton } from '../ui'

export const tell = (message: string): void => void ElMessage({ message, type: 'success', duration: 2500, showClose: true })
export const complain = (e: unknown): void => void ElMessage({ message: problemText(e), type: 'error', duration: 6000, showClose: true })

/** The label of a row that has one in each language. */
export const labelRow = (row: Row): string => labelOf({ zh: String(row.zh ?? ''), en: String(row.en ?? '') })
