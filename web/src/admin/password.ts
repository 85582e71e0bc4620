// The rules of a password, as the tenant's settings say; the server checks the same ones again.
import type { PasswordRules } from './types'

export const defaultRules: PasswordRules = { min_length: 8, classes: 1, no_runs: false }

export interface Judgement {
  length: boolean
  classes: boolean
  runs: boolean
}

const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]

/** Four or more neighbours that count up, count down or are alike: 1234, dcba, 7777. */
export function hasRun(text: string): boolean {
  const codes = [...text].map((c) => c.codePointAt(0) ?? 0)
  for (let i = 3; i < codes.length; i++) {
    const steps = [1, 2, 3].map((k) => (codes[i - k + 1] ?? 0) - (codes[i - k] ?? 0))
    if (steps.every((s) => s === steps[0]) && Math.abs(steps[0] ?? 9) <= 1) return true
  }
  return false
}

export function judge(text: string, rules: PasswordRules): Judgement {
  return {
    length: [...text].length >= rules.min_length,
    classes: classes.filter((c) => c.test(text)).length >= rules.classes,
    runs: !rules.no_runs || (text !== '' && !hasRun(text))
  }
}

export const passes = (text: string, rules: PasswordRules): boolean => Object.values(judge(text, rules)).every(Boolean)

const alphabets = ['abcdefghjkmnpqrstuvwxyz', 'ABCDEFGHJKMNPQRSTUVWXYZ', '23456789', '#%+-=?@']

/** A password that keeps the rules, without letters that are mistaken for others. */
export function generate(rules: PasswordRules, random: (below: number) => number = below): string {
  const length = Math.max(rules.min_length, 14)
  for (;;) {
    const text = Array.from({ length }, (_, i) => {
      const letters = alphabets[i < 4 ? i : random(3)] ?? ''
      return letters[random(letters.length)] ?? ''
    })
    for (let i = length - 1; i > 0; i--) {
      const k = random(i + 1)
      ;[text[i], text[k]] = [text[k] ?? '', text[i] ?? '']
    }
    if (!hasRun(text.join(''))) return text.join('')
  }
}

function below(n: number): number {
  const draw = new Uint32Array(1)
  crypto.getRandomValues(draw)
  return (draw[0] ?? 0) % n
}
