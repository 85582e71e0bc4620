// How numbers are written (电话号码显示规则): the newest rule that fits, as the API's own zj_number_shown. Asked for once, when the first
// number is shown; who may not read the rules sees numbers as they are.
import { reactive } from 'vue'
import { resources } from '../api/resources'
import { numberBy, type NumberRule } from '../engine/numbers'
import { whenForgotten } from './session'

const rulesMax = 1000
const rules = reactive<NumberRule[]>([])
let asked = false

async function load(): Promise<void> {
  const found: NumberRule[] = []
  for (let cursor: string | null = '', n = 0; cursor !== null && n < rulesMax; n += 200) {
    const page = await resources.list('number-formats', new URLSearchParams({ limit: '200', sort: '-id', ...(cursor && { cursor }) }))
    for (const row of page.items) found.push({ fits: new RegExp(`^${String(row.regex)}$`), output: String(row.output) })
    cursor = page.next
  }
  rules.splice(0, rules.length, ...found)
}

export function shownNumber(number: string): string {
  if (!asked) {
    asked = true
    void load().catch(() => undefined)
  }
  return numberBy(rules, number)
}

whenForgotten(() => {
  rules.length = 0
  asked = false
})
