import { beforeEach, describe, expect, it } from 'vitest'
import type { Agent, Call, Queue, Visit } from '../../src/api/types'
import { ageSeconds, agents, calls, filter, levelOf, queues, totals, waiting } from '../../src/stores/board'
import { applyMessage, forgetBoard, live } from '../../src/stores/live'

const at = (s: number): string => new Date(Date.UTC(2026, 10, 20, 8, 0, s)).toISOString()
const queue = (id: string, o: Partial<Queue> = {}): Queue => ({ id, number: id, name: id, waiting: 0, agents_in: 0, idle: 0, offered_today: 0, answered_today: 0, abandoned_today: 0, ...o })
const agent = (id: string, o: Partial<Agent> = {}): Agent => ({ id, number: id, name: `name ${id}`, registered: true, state: 'idle', since: at(0), version: 1, queues: [], ...o })
const visit = (id: string, o: Partial<Visit> = {}): Visit => ({ id, call: `c${id}`, queue: 'q1', caller: '1', entered_at: at(0), position: 1, priority: 0, ...o })
const call = (id: string, o: Partial<Call> = {}): Call => ({ id, direction: 'in', kind: 'queue', caller: '1', callee: '2', started_at: at(0), where: 'talk', legs: [], ...o })
let seq = 0
const changed = (type: string, data: unknown): void => applyMessage({ type, cursor: `1-${++seq}`, at: at(0), data } as Parameters<typeof applyMessage>[0])
const ids = (list: { id: string }[]): string => list.map((x) => x.id).join(' ')

beforeEach(() => {
  forgetBoard()
  Object.assign(filter, { queue: '', agent: '', showSignedOut: false })
})

describe('live entities', () => {
  it('a snapshot replaces everything, a later event of one id the earlier', () => {
    changed('agent.changed', agent('old'))
    applyMessage({ type: 'snapshot', cursor: '1-1', stale: false, queues: [], agents: [agent('a', { state: 'idle' })], calls: [], visits: [] })
    expect([...live.agents.keys()]).toEqual(['a'])
    changed('agent.changed', agent('a', { state: 'talking' }))
    expect(live.agents.get('a')?.state).toBe('talking')
  })

  it('ended visits and calls leave', () => {
    changed('visit.changed', visit('v'))
    changed('call.changed', call('c'))
    expect([waiting.value.length, calls.value.length]).toEqual([1, 1])
    changed('visit.ended', visit('v', { left_how: 'answered' }))
    changed('call.ended', call('c', { where: 'ended' }))
    expect([waiting.value.length, calls.value.length]).toEqual([0, 0])
  })
})

describe('sorted by trouble', () => {
  it('the queue whose caller waits longest is first, then those where nobody waits, by number', () => {
    for (const q of [queue('10'), queue('9'), queue('q1', { waiting: 5, longest_since: at(30) }), queue('q2', { waiting: 1, longest_since: at(10) })]) changed('queue.changed', q)
    expect(ids(queues.value)).toBe('q2 q1 9 10')
  })

  it('the caller who waits longest is first, whatever the precision of the time', () => {
    changed('visit.changed', visit('a', { entered_at: '2026-11-20T08:00:01.5Z' }))
    changed('visit.changed', visit('b', { entered_at: '2026-11-20T08:00:01Z' }))
    changed('visit.changed', visit('c', { entered_at: '2026-11-20T16:00:00.999999+08:00' }))
    expect(ids(waiting.value)).toBe('c b a')
  })

  it('agents: lost, ringing, busy, after call, talking, idle; the longest first; signed out only on demand', () => {
    const list: [string, Agent['state'], number][] = [['i', 'idle', 0], ['t2', 'talking', 20], ['t1', 'talking', 10], ['r', 'ringing', 50], ['b', 'busy', 0], ['w', 'after_call', 0], ['x', 'offline', 59], ['s', 'signed_out', 0]]
    for (const [id, state, s] of list) changed('agent.changed', agent(id, { state, since: at(s) }))
    expect(ids(agents.value)).toBe('x r b w t1 t2 i')
    filter.showSignedOut = true
    expect(ids(agents.value)).toBe('x r b w t1 t2 i s')
    filter.agent = 'NAME T'
    expect(ids(agents.value)).toBe('t1 t2')
  })

  it('calls on hold come before talking ones, waiting ones last', () => {
    for (const c of [call('q', { where: 'queue' }), call('t'), call('h', { where: 'hold' }), call('r', { where: 'ring' })]) changed('call.changed', c)
    expect(ids(calls.value)).toBe('h r t q')
  })
})

describe('figures', () => {
  beforeEach(() => {
    changed('queue.changed', queue('q1', { waiting: 2, longest_since: at(20), offered_today: 30, answered_today: 24, abandoned_today: 4, service_level_today: 0.5 }))
    changed('queue.changed', queue('q2', { waiting: 1, longest_since: at(10), offered_today: 10, answered_today: 9, abandoned_today: 0, service_level_today: 0.9 }))
    changed('queue.changed', queue('q3'))
    changed('agent.changed', agent('a', { queues: ['q1'] }))
    changed('agent.changed', agent('b', { queues: ['q2'], state: 'talking' }))
    changed('agent.changed', agent('c', { state: 'signed_out' }))
  })

  it('sums queues, takes the longest wait, weighs the service level by offered calls', () => {
    expect(totals.value).toMatchObject({ waiting: 3, longestSince: at(10), present: 2, offered: 40, answered: 33, abandoned: 4 })
    expect(totals.value.serviceLevel).toBeCloseTo(0.6)
    expect(totals.value.byState).toMatchObject({ idle: 1, talking: 1, signed_out: 1 })
  })

  it('one queue narrows all of it', () => {
    filter.queue = 'q1'
    expect(totals.value).toMatchObject({ waiting: 2, longestSince: at(20), present: 1, offered: 30, serviceLevel: 0.5 })
    expect(ids(agents.value)).toBe('a')
  })

  it('has no service level before the first call', () => {
    filter.queue = 'q3'
    expect(totals.value.serviceLevel).toBeNull()
  })

  it('levels begin at their limits; ages never are negative', () => {
    expect([19, 20, 59, 60].map((s) => levelOf(s, [20, 60]))).toEqual(['calm', 'warn', 'warn', 'bad'])
    expect(levelOf(9999, undefined)).toBe('calm')
    expect(ageSeconds(at(10), Date.parse(at(5)))).toBe(0)
    expect(ageSeconds(null, 0)).toBe(0)
  })
})
