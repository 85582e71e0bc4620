// A small api for tests of the console alone: the routes and messages of docs/api.md, in memory, on 127.0.0.1.
// It serves the built console as well, so that cookies and the WebSocket have one origin.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { WebSocketServer } from 'ws'
import { world } from './fake-world.mjs'

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

/** One second of a quiet tone: mono, 8 kHz, 16 bit. */
function wav() {
  const samples = 8000
  const b = Buffer.alloc(44 + samples * 2)
  b.write('RIFF', 0); b.writeUInt32LE(36 + samples * 2, 4); b.write('WAVEfmt ', 8)
  b.writeUInt32LE(16, 16); b.writeUInt16LE(1, 20); b.writeUInt16LE(1, 22); b.writeUInt32LE(8000, 24)
  b.writeUInt32LE(16000, 28); b.writeUInt16LE(2, 32); b.writeUInt16LE(16, 34); b.write('data', 36); b.writeUInt32LE(samples * 2, 40)
  for (let i = 0; i < samples; i++) b.writeInt16LE(Math.round(3000 * Math.sin((i * 440 * 2 * Math.PI) / 8000)), 44 + i * 2)
  return b
}

class FakeApi {
  /** @param {string} root the built console */
  constructor(root) {
    this.root = root
    this.w = world()
    this.seq = 1
    this.history = []
    this.sockets = new Set()
    this.sessions = new Set()
    this.requests = []
    this.down = false
    this.gone = null
    this.server = createServer((q, a) => this.serve(q, a))
    this.wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'zongji.events' })
    this.ticker = setInterval(() => this.tick(), 5000)
    this.server.on('upgrade', (q, socket, head) => this.upgrade(q, socket, head))
  }

  tick() { this.send({ type: 'tick', at: new Date().toISOString() }) }

  async listen(from = Number(process.env.ZJ_PORT_BASE ?? 10000) + 7500) {
    for (let port = from; port < from + 500; port++) {
      const ok = await new Promise((done) => {
        this.server.once('error', () => done(false))
        this.server.listen(port, '127.0.0.1', () => done(true))
      })
      if (ok) return (this.url = `http://127.0.0.1:${port}`)
    }
    throw new Error('no free port')
  }

  close() {
    clearInterval(this.ticker)
    for (const s of this.sockets) s.terminate()
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(done))
  }

  // What tests do with it ------------------------------------------------------------------------------------------

  cursor() { return `7-${this.seq}` }

  snapshot() {
    const { queues, agents, calls, visits } = this.w
    return { type: 'snapshot', cursor: this.cursor(), stale: false, queues: [...queues.values()], agents: [...agents.values()], calls: [...calls.values()], visits: [...visits.values()] }
  }

  /** Changes an entity (or ends it) and tells the viewers, as acd and api do. */
  emit(type, data) {
    const kind = `${type.split('.')[0]}s`
    if (type.endsWith('.ended')) this.w[kind].delete(data.id)
    else this.w[kind].set(data.id, data)
    this.seq += 1
    const message = { type, cursor: this.cursor(), at: new Date().toISOString(), data }
    this.history.push(message)
    this.send(message)
  }

  send(message) { for (const s of this.sockets) s.send(JSON.stringify(message)) }

  /** The network or the api is gone: connections die, new ones are refused. */
  cut() {
    this.down = true
    for (const s of this.sockets) s.terminate()
  }

  back() { this.down = false }

  /** The console was replaced: files whose path matches have other names from now on, which a page that is loaded anew knows. */
  replace(files) { this.gone = files }

  // HTTP -----------------------------------------------------------------------------------------------------------

  problem(a, status, kind, more = {}) {
    a.writeHead(status, { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'fake' })
    a.end(JSON.stringify({ type: `urn:zongji:problem:${kind}`, title: kind, status, request: 'fake', ...more }))
  }

  json(a, body, headers = {}) {
    a.writeHead(200, { 'Content-Type': 'application/json', ...headers })
    a.end(JSON.stringify(body))
  }

  loggedIn(q) {
    const id = /zj_session=([^;]+)/.exec(q.headers.cookie ?? '')?.[1]
    return id && this.sessions.has(id) ? id : null
  }

  async serve(q, a) {
    const url = new URL(q.url, 'http://x')
    if (!url.pathname.startsWith('/api/v1/')) {
      this.loading = q
      return this.down ? q.socket.destroy() : this.file(url.pathname, a)
    }
    const path = url.pathname.slice('/api/v1'.length)
    this.requests.push(`${q.method} ${path}${url.search}`)
    this.lastTenant = q.headers['x-zj-tenant'] ?? null
    if (this.down) return q.socket.destroy()
    let text = ''
    for await (const part of q) text += part
    const body = text ? JSON.parse(text) : {}
    if (path === '/login') return this.login(a, body)
    if (!this.loggedIn(q)) return this.problem(a, 401, 'session')
    if (q.method !== 'GET' && q.headers['x-zj-csrf'] !== 'csrf-of-fake') return this.problem(a, 403, 'csrf')
    return this.route(q, a, path, url.searchParams)
  }

  login(a, body) {
    if (body.username === 'locked') {
      a.setHeader('Retry-After', '30')
      return this.problem(a, 429, 'too_many')
    }
    const carrier = body.tenant === undefined && body.username === 'carrier'
    if ((body.tenant !== 'demo' && !carrier) || body.password !== 'correct-horse') return this.problem(a, 401, 'login')
    if (carrier) this.w.session.tenant.kind = 'carrier'
    const token = `zjs_${Math.random().toString(36).slice(2)}`
    this.sessions.add(token)
    this.json(a, { token, ...this.w.session }, { 'Set-Cookie': `zj_session=${token}; HttpOnly; SameSite=Strict; Path=/` })
  }

  route(q, a, path, params) {
    if (path === '/session') return this.json(a, this.w.session)
    if (path === '/logout') {
      this.sessions.delete(this.loggedIn(q))
      a.writeHead(204)
      return a.end()
    }
    if (path === '/meta/resources') return this.json(a, { resources: this.w.resources, menu_groups: this.w.menuGroups })
    if (path === '/calls') return this.callList(a, params)
    const call = /^\/calls\/(.+)$/.exec(path)
    if (call) {
      if (this.w.calls.has(call[1])) return this.json(a, { live: true, ...this.w.calls.get(call[1]) })
      const detail = this.w.details.get(call[1])
      return detail ? this.json(a, detail) : this.problem(a, 404, 'not_found')
    }
    if (/^\/recordings\/[^/]+\/peaks$/.test(path)) return this.json(a, { ms: 1000, channels: [[10, 200, 30], [0, 90, 255]] })
    if (/^\/recordings\/[^/]+\/audio$/.test(path)) {
      const b = wav()
      a.writeHead(200, { 'Content-Type': 'audio/wav', 'Content-Length': b.length, 'Accept-Ranges': 'bytes' })
      return a.end(b)
    }
    const rows = this.w.rows[path.slice(1)]
    return rows ? this.json(a, { items: rows, next: null }) : this.problem(a, 404, 'not_found')
  }

  callList(a, params) {
    const caller = params.get('filter[caller][contains]') ?? ''
    const result = params.get('filter[result]') ?? ''
    const found = this.w.cdrs.filter((c) => c.caller.includes(caller) && (!result || c.result === result))
    const from = Number(params.get('cursor') ?? 0)
    const limit = Number(params.get('limit') ?? 50)
    this.json(a, { items: found.slice(from, from + limit), next: found.length > from + limit ? String(from + limit) : null })
  }

  file(path, a) {
    if (path === '/' && !this.loading?.headers['sec-fetch-dest']?.includes('empty')) this.gone = null
    if (this.gone?.test(path)) return this.problem(a, 404, 'not_found')
    const file = join(this.root, normalize(path === '/' ? '/index.html' : path))
    if (!file.startsWith(this.root) || !existsSync(file) || !statSync(file).isFile()) return this.problem(a, 404, 'not_found')
    a.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' })
    createReadStream(file).pipe(a)
  }

  // WebSocket ------------------------------------------------------------------------------------------------------

  upgrade(q, socket, head) {
    if (this.down || !this.loggedIn(q)) return socket.destroy()
    this.wss.handleUpgrade(q, socket, head, (s) => {
      this.sockets.add(s)
      s.on('close', () => this.sockets.delete(s))
      const params = new URL(q.url, 'http://x').searchParams
      const after = params.get('after')
      this.requests.push(`WS ${after ?? '-'} ${params.get('tenant') ?? '-'}`)
      const known = after && Number(after.split('-')[1]) <= this.seq
      if (!known) return s.send(JSON.stringify(this.snapshot()))
      for (const m of this.history) if (Number(m.cursor.split('-')[1]) > Number(after.split('-')[1])) s.send(JSON.stringify(m))
      s.send(JSON.stringify({ type: 'tick', at: new Date().toISOString() }))
    })
  }
}

export async function startFakeApi(root) {
  const api = new FakeApi(root)
  await api.listen()
  return api
}
