// One upload in resumable parts. A part that fails is tried again; after a lost connection it goes on with what the server has not received.
import { reactive } from 'vue'
import { Problem } from '../api/http'
import { uploads, type Upload } from '../api/resources'
import { problemText } from '../i18n'

export interface Uploading {
  name: string
  bytes: number
  sent: number
  state: 'idle' | 'running' | 'paused' | 'complete'
  fault: string
  id: string
}

const triesMax = 4
const waitMs = 500

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const t = setTimeout(done, ms)
    signal.addEventListener('abort', () => (clearTimeout(t), done()), { once: true })
  })

/** Worth another try: the network, or a server that is away or busy. */
const passing = (e: unknown): boolean => e instanceof Problem && (e.status === 0 || e.status === 429 || e.status >= 500)

export class FileUpload {
  readonly at: Uploading = reactive({ name: '', bytes: 0, sent: 0, state: 'idle', fault: '', id: '' })
  private file: File | null = null
  private stopper = new AbortController()

  /** Resolves with the upload's id when it is complete; rejects when it was interrupted (`resume` goes on). */
  async start(file: File, purpose: string): Promise<string> {
    this.file = file
    Object.assign(this.at, { name: file.name, bytes: file.size, sent: 0, fault: '', id: '', state: 'running' })
    return this.guard(async () => {
      const upload = await uploads.open({ name: file.name, bytes: file.size, media_type: file.type || 'application/octet-stream', purpose })
      this.at.id = upload.id
      return this.sendRest(upload)
    })
  }

  async resume(): Promise<string> {
    Object.assign(this.at, { fault: '', state: 'running' })
    return this.guard(async () => this.sendRest(await uploads.one(this.at.id)))
  }

  /** Stops, and takes what was sent away. */
  async cancel(): Promise<void> {
    this.stopper.abort()
    const { id } = this.at
    Object.assign(this.at, { state: 'idle', sent: 0, id: '', fault: '' })
    if (id) await uploads.remove(id).catch(() => undefined)
  }

  private async guard(run: () => Promise<string>): Promise<string> {
    this.stopper = new AbortController()
    try {
      return await run()
    } catch (e) {
      if (!this.stopper.signal.aborted) Object.assign(this.at, { state: 'paused', fault: problemText(e) })
      throw e
    }
  }

  private async sendRest(upload: Upload): Promise<string> {
    const file = this.file
    if (!file) throw new Error('no file')
    const sizeOf = (n: number): number => Math.min(upload.part_bytes, file.size - (n - 1) * upload.part_bytes)
    const has = new Set(upload.received)
    let done = [...has].reduce((sum, n) => sum + sizeOf(n), 0)
    this.at.sent = done
    for (let n = 1; n <= upload.parts; n++) {
      if (has.has(n)) continue
      const from = (n - 1) * upload.part_bytes
      await this.sendPart(upload.id, n, file.slice(from, from + sizeOf(n)), (sent) => (this.at.sent = done + sent))
      done += sizeOf(n)
      this.at.sent = done
    }
    await uploads.complete(upload.id)
    this.at.state = 'complete'
    return upload.id
  }

  private async sendPart(id: string, n: number, bytes: Blob, onProgress: (sent: number) => void): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await uploads.part(id, n, bytes, onProgress, this.stopper.signal)
      } catch (e) {
        if (tries >= triesMax || !passing(e) || this.stopper.signal.aborted) throw e
        await sleep(waitMs * 2 ** tries, this.stopper.signal)
      }
    }
  }
}
