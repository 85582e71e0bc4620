// A private PostgreSQL for tests: its own directory, only a Unix socket in it, gone afterwards. Works as root too. `kept` names a directory
// for its data that stays, for what takes minutes to fill: `filled()` says that it is complete, else it is made anew the next time.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = '/usr/lib/postgresql/15/bin';
const asPostgres = () => {
  if (userInfo().uid !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
};

// A data directory with the schema in it, made once for all files of a test run (the runner removes it) and copied: that takes a tenth
// of the time of a new one. undefined: this is no such run.
async function template() {
  const place = process.env.ZJ_TEST_RUN && join(tmpdir(), 'pg-template'), ready = join(tmpdir(), 'pg-template-ready');
  if (!place) return undefined;
  try {
    mkdirSync(place);
  } catch {
    for (const end = Date.now() + 120000; !existsSync(ready) && Date.now() < end;) await new Promise((r) => setTimeout(r, 100)); // somebody makes it
    return existsSync(ready) ? ready : undefined;
  }
  try {
    const who = asPostgres();
    if (who.uid) chownSync(place, who.uid, who.gid);
    const pg = await startPostgres({ data: place });
    await pg.stop();
    renameSync(place, ready);
    return ready;
  } catch { return undefined; } // who comes next says what is wrong, with its own
}

export async function startPostgres({ port = 5432, migrate = true, kept, data: given } = {}) {
  const like = migrate && !kept && !given ? await template() : undefined;
  const dir = mkdtempSync(join(tmpdir(), 'zj-pg-'));
  const who = asPostgres();
  const data = given ?? (kept ? resolve(kept, 'data') : `${dir}/data`), mark = kept && join(kept, 'filled');
  const fresh = like === undefined && (!mark || !existsSync(mark));
  if (kept && fresh) {
    rmSync(kept, { recursive: true, force: true });
    mkdirSync(kept, { recursive: true });
  }
  if (who.uid) for (const d of kept ? [dir, kept] : [dir]) chownSync(d, who.uid, who.gid);
  if (like) execFileSync('cp', ['-a', like, data]);
  if (fresh) execFileSync(`${bin}/initdb`, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'], { ...who, cwd: dir, stdio: 'pipe' });
  const child = spawn(`${bin}/postgres`, ['-D', data, '-p', port, '-k', dir, '-c', 'listen_addresses=', '-c', 'fsync=off',
    '-c', 'max_connections=60', '-c', 'timezone=UTC'], { ...who, cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  process.on('exit', () => { try { process.kill(child.pid, 'SIGQUIT'); } catch { /* gone */ } });
  child.stderr.on('data', (d) => { log = (log + d).slice(-20000); });
  const kids = () => execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }).split('\n').map(Number).filter(Boolean);
  const env = { ...process.env, PGHOST: dir, PGPORT: String(port), PGUSER: 'postgres', PGDATABASE: 'zongji', PGOPTIONS: '-c client_min_messages=warning' };
  const sessions = [];
  const pg = {
    dir, port, env, fresh,
    filled: () => writeFileSync(mark, ''),
    log: () => log,
    // Runs SQL as `user`; answers rows as arrays of texts ('' for null). Throws with the server's message.
    sql(text, { user = 'postgres', database = 'zongji' } = {}) {
      const r = spawnSync('psql', ['-XqAt', '-F', '\x1f', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-U', user, '-d', database], { env, input: text, encoding: 'utf8', maxBuffer: 64 << 20 });
      if (r.status !== 0) throw new Error(r.stderr.trim());
      return r.stdout.split('\n').filter((l) => l !== '').map((l) => l.split('\x1f'));
    },
    // An open psql session, for transactions that overlap and for many small questions: `run` sends text and answers the lines
    // that came, errors among them as `ERROR:  SQLSTATE: …`.
    session({ user = 'postgres' } = {}) {
      const p = sessions[sessions.push(spawn('sh', ['-c', `exec psql -XqAt -F '\x1f' -v VERBOSITY=verbose -U ${user} 2>&1`], { env, stdio: ['pipe', 'pipe', 'inherit'] })) - 1];
      let out = '', n = 0;
      const waiting = [];
      const look = () => {
        for (const w of [...waiting]) {
          const at = out.indexOf(w.mark);
          if (at < 0) continue;
          waiting.splice(waiting.indexOf(w), 1);
          const text = out.slice(0, at);
          out = out.slice(at + w.mark.length + 1);
          w.resolve(text.split('\n').filter((l) => l !== ''));
        }
      };
      p.stdout.on('data', (d) => { out += d; look(); });
      return {
        run: (text) => new Promise((resolve) => { const mark = `--done-${++n}--`; waiting.push({ mark, resolve }); p.stdin.write(`${text};\n\\echo ${mark}\n`); }),
        end: () => new Promise((resolve) => { p.on('close', resolve); p.stdin.end(); }),
      };
    },
    // Stopped in its tracks, and let go on.
    freeze() { for (const p of [child.pid, ...kids()]) process.kill(p, 'SIGSTOP'); },
    thaw() { for (const p of [child.pid, ...kids()]) process.kill(p, 'SIGCONT'); },
    async stop() {
      for (const p of sessions) p.kill(); // of a test that failed in the middle
      if (child.exitCode === null) { process.kill(child.pid, 'SIGINT'); await new Promise((r) => child.once('close', r)); }
      rmSync(dir, { recursive: true, force: true });
    },
  };
  for (let i = 0; ; i++) {
    const r = spawnSync(`${bin}/pg_isready`, ['-q', '-h', dir, '-p', String(port)]);
    if (r.status === 0) break;
    if (i > 200 || child.exitCode !== null) throw new Error(`PostgreSQL does not start: ${log}`);
    await new Promise((r2) => setTimeout(r2, 50));
  }
  if (fresh) pg.sql('create database zongji', { database: 'postgres' });
  if (migrate && !like) applySchema(pg);
  return pg;
}

// With `zongji migrate` where it is built, else file by file as it would.
export function applySchema(pg) {
  const zongji = resolve(root, process.env.ZJ_BUILD ?? 'build', 'bin', 'zongji');
  if (existsSync(zongji)) {
    mkdirSync(join(pg.dir, 'etc'), { recursive: true });
    writeFileSync(join(pg.dir, 'etc', 'zongji.conf'), [`run = ${pg.dir}`, `pg = host=${pg.dir} port=${pg.port} user=postgres dbname=zongji`,
      `schema = ${join(root, 'schema')}`, `acd = ${pg.dir}/acd.sock`, 'hep = 127.0.0.1:9', `trace = ${pg.dir}`, 'health_port = 9', `demo = ${root}/ops/demo/call.mjs`, ''].join('\n'));
    const r = spawnSync(zongji, ['--run', pg.dir, 'migrate'], { encoding: 'utf8' });
    if (r.status === 0) return;
    throw new Error(`zongji migrate: ${r.stderr}${r.stdout}`);
  }
  for (const f of readdirSync(join(root, 'schema')).filter((n) => n.endsWith('.sql')).sort()) {
    const r = spawnSync('psql', ['-Xq', '-1', '-v', 'ON_ERROR_STOP=1', '-f', join(root, 'schema', f)], { env: pg.env, encoding: 'utf8' });
    if (r.status !== 0) throw new Error(`${f}: ${r.stderr}`);
  }
}
