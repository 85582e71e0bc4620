import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventStream, type BoardMessage, type StreamState } from '../../src/api/stream'

class FakeSocket {
  static all: FakeSocket[] = []
  onmessage: ((e: { data: string }) => void) | null = null
  onclose: ((e: { code: number }) => void) | null = null
  closed = false
  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }
  close(): void {
    this.closed = true
  }
  says(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) })
  }
  drops(code = 1006): void {
    this.onclose?.({ code })
  }
}

const snapshot = (cursor: string, stale = false) => ({ type: 'snapshot', cursor, stale, queues: [], agents: [], calls: [], visits: [] })
const event = (cursor: string, id = 'a') => ({ type: 'agent.changed', cursor, at: '2026-11-20T08:00:00Z', data: { id } })
const last = (): FakeSocket => FakeSocket.all[FakeSocket.all.length - 1] as FakeSocket

let states: StreamState[]
let batches: BoardMessage[][]
let ends: string[]
let stream: EventStream

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  states = []
  batches = []
  ends = []
  stream = new EventStream({
    url: (cursor) => `ws://x/events${cursor ? `?after=${cursor}` : ''}`,
    onBatch: (b) => batches.push(b),
    onState: (s) => states.push(s),
    onEnd: (because) => ends.push(because),
    open: (url) => new FakeSocket(url) as unknown as WebSocket,
    random: () => 0.5
  })
  stream.start()
})
afterEach(() => {
  stream.stop()
  vi.useRealTimers()
})

describe('event stream', () => {
  it('is live after the snapshot, and hands events over in batches', () => {
    expect(states).toEqual(['connecting'])
    last().says(snapshot('7-1'))
    expect(states).toEqual(['connecting', 'live'])
    vi.advanceTimersByTime(0)
    expect(batches).toHaveLength(1)
    for (let i = 2; i < 50; i++) last().says(event(`7-${i}`))
    expect(batches).toHaveLength(1)
    vi.advanceTimersByTime(100)
    expect(batches).toHaveLength(2)
    expect(batches[1]).toHaveLength(48)
  })

  it('goes on at its cursor after a lost connection, live with the first tick', () => {
    last().says(snapshot('7-1'))
    last().says(event('7-2'))
    last().drops()
    expect(states.at(-1)).toBe('waiting')
    vi.advanceTimersByTime(500)
    expect(FakeSocket.all).toHaveLength(2)
    expect(last().url).toBe('ws://x/events?after=7-2')
    expect(states.at(-1)).toBe('connecting')
    last().says({ type: 'tick', at: '2026-11-20T08:00:00Z' })
    expect(states.at(-1)).toBe('live')
  })

  it('waits longer from try to try, ten seconds at most, and starts anew after success', () => {
    const gaps: number[] = []
    for (let i = 0; i < 8; i++) {
      last().drops()
      const before = Date.now()
      const count = FakeSocket.all.length
      while (FakeSocket.all.length === count) vi.advanceTimersByTime(50)
      gaps.push(Date.now() - before)
    }
    expect(gaps).toEqual([500, 1000, 2000, 4000, 8000, 10000, 10000, 10000])
    last().says(snapshot('7-1'))
    last().drops()
    vi.advanceTimersByTime(500)
    expect(FakeSocket.all).toHaveLength(10)
  })

  it('is stale while the server says so, until the next snapshot', () => {
    last().says(snapshot('7-1'))
    last().says({ type: 'stale' })
    expect(states.at(-1)).toBe('stale')
    last().says(event('7-2'))
    expect(states.at(-1)).toBe('stale')
    last().says(snapshot('8-1'))
    expect(states.at(-1)).toBe('live')
    last().says({ type: 'resync' })
    expect(states.at(-1)).toBe('stale')
    last().says(snapshot('8-9', true))
    expect(states.at(-1)).toBe('stale')
  })

  it('does not hand over events that a newer snapshot contains', () => {
    last().says(snapshot('7-1'))
    vi.advanceTimersByTime(0)
    last().says(event('7-2'))
    last().says(snapshot('9-1'))
    vi.advanceTimersByTime(200)
    expect(batches.map((b) => b.map((m) => m.cursor))).toEqual([['7-1'], ['9-1']])
  })

  it('gives up a silent connection; ticks keep it', () => {
    last().says(snapshot('7-1'))
    const socket = last()
    for (let i = 0; i < 12; i++) {
      vi.advanceTimersByTime(5_000)
      socket.says({ type: 'tick', at: '2026-11-20T08:00:00Z' })
    }
    expect(states.at(-1)).toBe('live')
    vi.advanceTimersByTime(14_900)
    expect(states.at(-1)).toBe('live')
    vi.advanceTimersByTime(200)
    expect(states.at(-1)).toBe('waiting')
    expect(socket.closed).toBe(true)
  })

  it('a tick does not make stale data true', () => {
    last().says(snapshot('7-1'))
    last().says({ type: 'stale' })
    last().says({ type: 'tick', at: '2026-11-20T08:00:00Z' })
    expect(states.at(-1)).toBe('stale')
    last().drops()
    vi.advanceTimersByTime(500)
    last().says({ type: 'stale' })
    last().says({ type: 'tick', at: '2026-11-20T08:00:00Z' })
    expect(states.at(-1)).toBe('stale')
  })

  it('gives up a connection that does not begin', () => {
    vi.advanceTimersByTime(10_600)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('ends with the session and does not come back', () => {
    last().says(snapshot('7-1'))
    last().says({ type: 'end', because: 'session' })
    expect(states.at(-1)).toBe('ended')
    expect(ends).toEqual(['session'])
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('ends when the socket closes with 4401', () => {
    last().drops(4401)
    expect(states.at(-1)).toBe('ended')
    expect(ends).toEqual(['session'])
  })

  it('asks for everything after a message that it cannot read', () => {
    last().says(snapshot('7-1'))
    last().says('{"type":')
    vi.advanceTimersByTime(500)
    expect(last().url).toBe('ws://x/events')
  })

  it('hears nothing from a connection that it gave up', () => {
    const first = last()
    first.says(snapshot('7-1'))
    stream.lost()
    expect(states.at(-1)).toBe('waiting')
    first.says(event('7-2'))
    first.drops(4401)
    vi.advanceTimersByTime(100)
    expect(states.at(-1)).toBe('waiting')
    stream.retryNow()
    expect(last().url).toBe('ws://x/events?after=7-1')
  })
})
