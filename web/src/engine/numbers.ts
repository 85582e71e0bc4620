// A number as a team's rules write it: the first rule that fits, # standing for the next digit.
export interface NumberRule {
  fits: RegExp
  output: string
}

export function numberBy(list: readonly NumberRule[], number: string): string {
  const digits = number.replace(/[^0-9*#]/g, '')
  const rule = list.find((r) => r.fits.test(digits))
  let at = 0
  return rule ? rule.output.replace(/#/g, () => digits[at++] ?? '') : number
}
