// The event stream: one WebSocket that comes back by itself, goes on where it ended, and knows when it is stale.
//
//   idle → connecting → live ⇄ stale (acd away, or we read too slowly: the server says so and sends a snapshot later)
//            ▲            │
//            └─ waiting ◀─┘  connection lost: tries again after 0.5 s, 1 s, 2 s … 10 s, each ± 30 %
//   any → ended: the session is over; only start() leaves it
//
// Messages are handed over in batches (at most one every `batchMs`), so a storm of events costs one rendering.
import type { EntityEvent, Snapshot, StreamMessage } from './types'

export type StreamState = 'idle' | 'connecting' | 'live' | 'stale' | 'waiting' | 'ended'
export type BoardMessage = Snapshot | EntityEvent

export interface StreamOptions {
  url: (cursor: string | null) => string
  onBatch: (batch: BoardMessage[]) => void
  onState: (state: StreamState) => void
  /** The server's clock as it was when a message left it, in ms since 1970. */
  onServerTime?: (ms: number) => void
  onEnd?: (because: string) => void
  /** News of a background job; not part of the board, and not repeated after a gap. */
  onJob?: (job: Record<string, unknown>) => void
  open?: (url: string) => WebSocket
  random?: () => number
  batchMs?: number
}

const backoffFirstMs = 500
const backoffMaxMs = 10_000
/** The server ticks every 5 s: a longer silence is a dead connection. */
const silenceMs = 15_000
/** No first message after connecting within this time: try another connection. */
const firstMessageMs = 10_000
const closeSessionOver = 4401

export class EventStream {
  private socket: WebSocket | null = null
  private state: StreamState = 'idle'
  private cursor: string | null = null
  private tries = 0
  private batch: BoardMessage[] = []
  private flushTimer: ReturnType<typeof setTimeout> | undefined
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly o: StreamOptions) {}

  start(): void {
    if (this.state !== 'idle' && this.state !== 'ended') return
    this.tries = 0
    this.connect()
  }

  /** Ends the connection and forgets where it was. */
  stop(): void {
    this.drop()
    clearTimeout(this.retryTimer)
    this.flush()
    this.cursor = null
    this.set('idle')
  }

  /** The network changed or the tab woke up: don't wait for the next try. */
  retryNow(): void {
    if (this.state === 'waiting') this.connect()
  }

  /** The network is gone: don't wait until the connection notices. */
  lost(): void {
    if (this.state !== 'idle' && this.state !== 'ended') this.wait()
  }

  private set(next: StreamState): void {
    if (this.state === next) return
    this.state = next
    this.o.onState(next)
  }

  private connect(): void {
    clearTimeout(this.retryTimer)
    this.drop()
    this.set('connecting')
    const open = this.o.open ?? ((url: string) => new WebSocket(url, 'zongji.events'))
    let socket: WebSocket
    try {
      socket = open(this.o.url(this.cursor))
    } catch {
      this.wait()
      return
    }
    this.socket = socket
    this.expect(firstMessageMs)
    socket.onmessage = (e: MessageEvent<unknown>) => this.receive(e.data)
    socket.onclose = (e: CloseEvent) => this.closed(e.code)
  }

  private receive(data: unknown): void {
    let message: StreamMessage
    try {
      message = JSON.parse(String(data)) as StreamMessage
    } catch {
      this.resync()
      return
    }
    this.handle(message)
    if (this.socket) this.expect(silenceMs)
  }

  private handle(message: StreamMessage): void {
    switch (message.type) {
      case 'stale':
      case 'resync':
        this.set('stale')
        return
      case 'end':
        this.end(message.because)
        return
      case 'tick':
        this.o.onServerTime?.(Date.parse(message.at))
        // The first word of a connection that goes on at our cursor: nothing is missing.
        if (this.state === 'connecting' && this.cursor) this.good()
        return
      case 'job.changed':
        this.o.onJob?.(message.data)
        return
      case 'snapshot':
        this.push(message)
        if (message.stale) this.set('stale')
        else this.good()
        return
      default:
        this.o.onServerTime?.(Date.parse(message.at))
        this.push(message)
    }
  }

  private good(): void {
    this.tries = 0
    this.set('live')
  }

  private push(message: BoardMessage): void {
    this.cursor = message.cursor
    if (message.type === 'snapshot') this.batch = []
    this.batch.push(message)
    this.flushTimer ??= setTimeout(() => this.flush(), message.type === 'snapshot' ? 0 : (this.o.batchMs ?? 100))
  }

  private flush(): void {
    clearTimeout(this.flushTimer)
    this.flushTimer = undefined
    const batch = this.batch
    this.batch = []
    if (batch.length) this.o.onBatch(batch)
  }

  private expect(ms: number): void {
    clearTimeout(this.silenceTimer)
    this.silenceTimer = setTimeout(() => this.wait(), ms)
  }

  /** A message that we cannot read: what we show may be wrong, so ask for everything. */
  private resync(): void {
    this.cursor = null
    this.wait()
  }

  private closed(code: number): void {
    if (code === closeSessionOver) this.end('session')
    else this.wait()
  }

  private end(because: string): void {
    this.drop()
    this.flush()
    this.set('ended')
    this.o.onEnd?.(because)
  }

  private wait(): void {
    this.drop()
    clearTimeout(this.retryTimer)
    this.set('waiting')
    const full = Math.min(backoffFirstMs * 2 ** this.tries, backoffMaxMs)
    const jitter = 0.7 + 0.6 * (this.o.random ?? Math.random)()
    this.tries += 1
    this.retryTimer = setTimeout(() => this.connect(), full * jitter)
  }

  private drop(): void {
    clearTimeout(this.silenceTimer)
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onmessage = null
    socket.onclose = null
    socket.close()
  }
}
