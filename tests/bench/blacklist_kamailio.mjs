// The same numbers, the same machine, the same script loop: our lists beside Kamailio's htable, mtree and userblocklist. (Of the last its list for
// everybody: the users' lists are asked of the database for each call. It looks at the R-URI, so its loop writes and reads that, and an empty loop
// that does the same is taken off.)
// One Kamailio with all of them; each question is asked 200,000 times in the script, half of the numbers are listed, and an empty loop is taken off.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../../schema/test/pg.mjs';
import { SipEndpoint, token } from '../tools/sip.mjs';

const LOOKS = 200_000;
const PORT = Number(process.env.ZJ_PORT_BASE ?? 10000) + 3910;

const questions = {
  empty: '$var(k) == "x"', empty_uri: '$rU == "x"', userblocklist: '!check_blocklist()', htable: '$sht(bl=>$var(k)) != $null', mtree: 'mt_match("bl", "$var(k)", "0")', blacklist: 'blacklist_check("TENANT", "$var(k)", "in")',
};
const fewer = (n) => Math.min(n, 100_000); // db_text takes minutes for a million rows of mtree, and each process reads userblocklist's
const few = ['mtree', 'userblocklist'];
const byUri = ['empty_uri', 'userblocklist'];
const config = (dir, n, db) => `#!KAMAILIO
debug=1
log_stderror=yes
children=1
listen=udp:127.0.0.1:${PORT}
auto_aliases=no
max_while_loops=3000000
mpath="${root}/build/kamailio/modules/:/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "cfgutils.so"
loadmodule "db_text.so"
loadmodule "htable.so"
loadmodule "mtree.so"
loadmodule "userblocklist.so"
loadmodule "ctl.so"
loadmodule "blacklist.so"
modparam("db_text", "db_mode", 0)
modparam("db_text", "max_result_rows", 3000000)
modparam("htable", "htable", "bl=>size=20;")
modparam("userblocklist", "db_url", "text://${dir}/db")
modparam("mtree", "db_url", "text://${dir}/db")
modparam("mtree", "mtree", "name=bl;dbtable=mtrees;type=0")
modparam("mtree", "char_list", "0123456789")
modparam("ctl", "binrpc", "unix:${dir}/ctl")
modparam("blacklist", "db", "${db}")
request_route {
	$var(i) = 0;
	if ($rU == "fill") {
		while ($var(i) < ${n}) { $var(k) = 10000000 + $var(i); $sht(bl=>138$var(k)) = 1; $var(i) = $var(i) + 1; }
	}
	$var(hits) = 0;
	$var(from) = $TV(Sn);
${Object.entries(questions).map(([what, ask]) => `	if ($rU == "${what}") {
		$var(from) = $TV(Sn);
		while ($var(i) < ${LOOKS}) {
			$var(k) = "138" + (10000000 + $RANDOM mod ${2 * (few.includes(what) ? fewer(n) : n)});${byUri.includes(what) ? '\n\t\t\t$rU = $var(k);' : ''}
			if (${ask}) $var(hits) = $var(hits) + 1;
			$var(i) = $var(i) + 1;
		}
	}`).join('\n')}
	append_to_reply("X-Took: $var(from) $TV(Sn) $var(hits)\\r\\n");
	sl_send_reply("200", "OK");
	exit;
}
`;

const memory = (dir) => Number(/used: (\d+)/.exec(spawnSync('kamcmd', ['-s', `unix:${dir}/ctl`, 'core.shmmem'], { encoding: 'utf8' }).stdout)?.[1]);

/** `db`: PostgreSQL with `n` numbers 13810000000… of `tenant`. */
export async function besides(n, dir, db, tenant) {
  const out = [];
  fs.mkdirSync(path.join(dir, 'db'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'db/version'), 'table_name(string) table_version(int)\nmtrees:1\nglobalblocklist:1\nuserblocklist:1\n');
  fs.writeFileSync(path.join(dir, 'db/mtrees'), `id(int,auto) tname(string) tprefix(string) tvalue(string)\n${Array.from({ length: fewer(n) }, (_, i) => `${i + 1}:bl:138${10000000 + i}:1`).join('\n')}\n`);
  fs.writeFileSync(path.join(dir, 'db/userblocklist'), 'id(int,auto) username(string) domain(string) prefix(string) allowlist(int)\n');
  fs.writeFileSync(path.join(dir, 'db/globalblocklist'), `id(int,auto) prefix(string) allowlist(int) description(string)\n${Array.from({ length: fewer(n) }, (_, i) => `${i + 1}:138${10000000 + i}:0:x`).join('\n')}\n`);
  fs.writeFileSync(path.join(dir, 'kamailio.cfg'), config(dir, n, db).replaceAll('TENANT', tenant));
  const log = fs.openSync(path.join(dir, 'kamailio.log'), 'w');
  const child = spawn('kamailio', ['-DD', '-E', '-m', '3000', '-M', '1500', '-Y', dir, '-f', path.join(dir, 'kamailio.cfg')], { stdio: ['ignore', log, log] });
  const s = await SipEndpoint.open();
  const ask = async (what) => {
    const r = await s.request({ method: 'OPTIONS', uri: `sip:${what}@127.0.0.1`, headers: { From: '<sip:t@t>;tag=1', To: `<sip:${what}@127.0.0.1>`, 'Call-ID': token(), CSeq: '1 OPTIONS' } }, { host: '127.0.0.1', port: PORT }, { timeout: 60_000 });
    const [from, to, hits] = r.headers['x-took'][0].split(' ').map(Number);
    return { ns: (to - from) * 1e9 / LOOKS, hits };
  };
  // The quickest of three: others use the machine, too.
  const best = async (what) => {
    const all = [await ask(what), await ask(what), await ask(what)];
    return all.reduce((x, y) => (y.ns < x.ns ? y : x));
  };
  try {
    for (let i = 0; ; i++) {
      if (child.exitCode !== null || i > 300) throw new Error(`Kamailio: ${fs.readFileSync(path.join(dir, 'kamailio.log'), 'utf8').slice(-2000)}`);
      if (spawnSync('kamcmd', ['-s', `unix:${dir}/ctl`, 'core.uptime']).status === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const before = memory(dir);
    await ask('fill');
    const htable = (memory(dir) - before) / n;
    const count = spawnSync('kamcmd', ['-s', `unix:${dir}/ctl`, 'blacklist.count'], { encoding: 'utf8' }).stdout;
    const own = Number(/bytes: (\d+)/.exec(count)[1]) / Number(/numbers: (\d+)/.exec(count)[1]);
    const mtreeBytes = Number(/memsize: (\d+)/.exec(spawnSync('kamcmd', ['-s', `unix:${dir}/ctl`, 'mtree.summary'], { encoding: 'utf8' }).stdout)?.[1]) / fewer(n);
    const ns = {};
    for (const what of ['blacklist', 'htable', 'mtree', 'userblocklist']) {
      const empty = await best(byUri.includes(what) ? 'empty_uri' : 'empty');
      const r = await best(what);
      ns[what] = r.ns - empty.ns;
      if (r.hits < LOOKS * 0.45 || r.hits > LOOKS * 0.55) throw new Error(`${what}: ${r.hits} of ${LOOKS} found`);
    }
    const round = (x) => Math.round(x * 100) / 100;
    out.push({ bench: 'blacklist', metric: 'bytes_per_number', value: round(own), unit: 'B', against: round(htable), ratio: round(htable / own) });
    for (const other of ['htable', 'mtree', 'userblocklist']) out.push({ bench: 'blacklist', metric: `lookup_ns.vs_${other}`, value: round(ns.blacklist), unit: 'ns', against: round(ns[other]), ratio: round(ns[other] / ns.blacklist) });
    if (mtreeBytes) out.push({ bench: 'blacklist', metric: 'bytes_per_number.vs_mtree', value: round(own), unit: 'B', against: round(mtreeBytes), ratio: round(mtreeBytes / own) });
    return out;
  } finally {
    s.close();
    child.kill('SIGKILL');
  }
}
