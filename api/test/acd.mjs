// A faithful fake of acd's side of docs/control-protocol.md: hello, subscribe, board, commands, events with cursors.
import { createServer } from 'node:net';
import { rmSync } from 'node:fs';

export class FakeAcd {
  constructor(path) {
    Object.assign(this, { path, epoch: 7, boards: new Map(), logs: new Map(), asked: [], requests: new Map(), conns: new Set(), refuse: null });
  }

  listen() {
    rmSync(this.path, { force: true });
    this.server = createServer((socket) => this.serve(socket));
    return new Promise((resolve) => this.server.listen(this.path, resolve));
  }

  async close() {
    for (const c of this.conns) c.socket.destroy();
    await new Promise((r) => this.server.close(r));
  }

  board(tenant) {
    if (!this.boards.has(tenant)) this.boards.set(tenant, { queues: [], agents: [], calls: [], visits: [] });
    return this.boards.get(tenant);
  }

  log(tenant) {
    if (!this.logs.has(tenant)) this.logs.set(tenant, { seq: 0, events: [] });
    return this.logs.get(tenant);
  }

  cursor(tenant) { return `${this.epoch}-${this.log(tenant).seq}`; }

  serve(socket) {
    const conn = { socket, tenants: new Set() };
    let text = '';
    this.conns.add(conn);
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('close', () => this.conns.delete(conn));
    socket.on('data', (d) => {
      const lines = (text + d).split('\n');
      text = lines.pop();
      for (const line of lines.filter(Boolean)) this.answer(conn, JSON.parse(line));
    });
  }

  answer(conn, { id, method, params }) {
    if (id === undefined) return;
    let reply;
    try { reply = { result: this.handle(conn, method, params ?? {}) }; } catch (e) { reply = { error: { code: e.code ?? -32603, message: e.message, data: e.data } }; }
    conn.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...reply })}\n`);
  }

  handle(conn, method, p) {
    this.asked.push({ method, params: p });
    if (method === 'hello') return { acd: 'fake', epoch: this.epoch };
    if (method === 'subscribe') {
      conn.tenants.add(p.tenant);
      if (p.after) this.replay(conn, p.tenant, p.after);
      return { cursor: this.cursor(p.tenant) };
    }
    if (method === 'unsubscribe') { conn.tenants.delete(p.tenant); return {}; }
    if (method === 'board') return { cursor: this.cursor(p.tenant), stale: false, ...this.board(p.tenant) };
    if (method === 'calls') return { calls: p.tenant ? this.board(p.tenant).calls : [...this.boards.values()].flatMap((b) => b.calls) };
    if (!/^(agent|call)\./.test(method)) throw Object.assign(new Error('no such method'), { code: -32601 });
    if (!p.tenant || !p.request) throw Object.assign(new Error('tenant, request: missing'), { code: -32602 });
    if (this.requests.has(p.request)) return this.requests.get(p.request);
    const result = this.refuse ? { refused: true, because: this.refuse } : this.command(method, p);
    this.requests.set(p.request, result);
    return result;
  }

  command(method, p) {
    if (method.startsWith('call.')) return { state: { id: p.call ?? 'new', did: method, to: p.to, on: p.on } };
    const agent = { id: p.agent, state: { 'agent.sign_in': 'idle', 'agent.sign_out': 'signed_out' }[method] ?? p.state, reason: p.reason, version: 1 };
    this.emit(p.tenant, 'agent.changed', agent);
    return { state: agent };
  }

  replay(conn, tenant, after) {
    const [epoch, seq] = after.split('-').map(Number), log = this.log(tenant);
    const first = log.events[0]?.seq ?? log.seq + 1;
    if (epoch !== this.epoch || seq + 1 < first) this.send(conn, { tenant, cursor: this.cursor(tenant), at: new Date().toISOString(), type: 'gap', data: { after } });
    else for (const e of log.events.filter((x) => x.seq > seq)) this.send(conn, e.params);
  }

  send(conn, params) { conn.socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'event', params })}\n`); }

  emit(tenant, type, data) {
    const log = this.log(tenant);
    const params = { tenant, cursor: `${this.epoch}-${++log.seq}`, at: new Date().toISOString(), type, data };
    log.events.push({ seq: log.seq, params });
    for (const c of this.conns) if (c.tenants.has(tenant)) this.send(c, params);
    return params.cursor;
  }
}
