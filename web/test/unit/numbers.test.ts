import { describe, expect, it } from 'vitest'
import { numberBy } from '../../src/engine/numbers'

// The rules' regular expressions as the API has them.
const rules = [
  { fits: /^[2][1][1-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]$/, output: '(0##) ####-####' },
  { fits: /^[0][2][1-9][1-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]$/, output: '(+86) (###)-########' },
  { fits: /^[0][2][0-9]{9}$/, output: 'never: a newer rule fits' }
]

describe('numbers as a team writes them', () => {
  it('takes the digits in order, and what stands between them as it is', () => {
    expect(numberBy(rules, '02123456789')).toBe('(+86) (021)-23456789')
    expect(numberBy(rules, '2133190727')).toBe('(021) 3319-0727')
  })
  it('does not mind how a number was written', () => expect(numberBy(rules, '+21 3319 0727')).toBe('(021) 3319-0727'))
  it('leaves others alone', () => {
    expect(numberBy(rules, '01012345678')).toBe('01012345678')
    expect(numberBy(rules, 'anonymous')).toBe('anonymous')
    expect(numberBy([], '02123456789')).toBe('02123456789')
  })
})
