// Inbound routing as a tenant and the carrier administer it: DIDs and their groups, working times, routes, bindings, the plan of numbers.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startEnv, uuid } from './env.mjs';
import { fieldTable, listOffers, meta } from './fields.mjs';

let env, boss, admin, other, q, flow, n = 0;
const next = (name) => `${name} ${++n}`;
const digits = () => `0215${String(1000000 + ++n)}`;
const did = (body) => boss.make('numbers', { tenant_id: admin.tenant.id, number: digits(), ...body });
const ids = (r) => r.body.items.map((i) => i.id).sort();
const yesNo = { accepts: [false, true], refuses: ['yes'] };
const between = '2020-01-01T00:00:00Z,2099-01-01T00:00:00Z';
const faults = (r) => [r.status, (r.body.errors ?? []).map((e) => e.field)];
before(async () => {
  env = await startEnv();
  [admin, other] = [await env.tenant('alpha'), await env.tenant('beta')];
  boss = env.boss;
  q = await admin.make('queues', { number: '4001', name: '销售' });
  flow = await admin.make('flows', { name: '主菜单', document: '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block/></form></vxml>' });
});
after(() => env?.close());
const route = (body) => admin.make('inbound-routes', { name: next('路由'), destination_kind: 'queue', destination_id: q.id, ...body });
const refused = async (resource, body, status, field) => {
  const r = await admin.post(`/${resource}`, body);
  assert.deepEqual([r.status, (r.body.errors ?? [])[0]?.field], [status, field], JSON.stringify(r.body));
  return JSON.stringify(r.body);
};

// covers: PBX-V049 PBX-V050 PBX-V051 PBX-V052
test('DID groups: every field; numbers or prefixes; how many DIDs, which routes', async () => {
  const g = await fieldTable(admin, 'did-groups', () => ({ name: next('组') }), {
    name: { zh: 'DID分组名称', required: true, accepts: ['热线'], refuses: ['', 'x'.repeat(101)] },
    monthly_rent: { zh: '月租', default: 0, accepts: [12.5], refuses: [-1, 'x'] },
    rate: { zh: '费率', default: 0, accepts: [0.05], refuses: [-1] },
    match: { zh: '匹配类型', default: 'number', accepts: ['prefix', 'number'], refuses: ['x'] },
    country: { zh: '国家', default: '', accepts: ['中国'] },
    entries: { zh: '列表', default: [], accepts: [['02150001000', '+8621'], []], refuses: [['abc'], ['']] },
    members: { zh: '组内DID数', readonly: true }, routes: { zh: '使用路由', readonly: true },
  });
  const [d1] = [await did({ did_group_id: g.id }), await did({})];
  assert.equal((await admin.patch(`/did-groups/${g.id}`, { entries: [d1.number, '0216'] })).status, 200);
  const used = await route({ did_match: 'group', did_group_id: g.id, priority: 3 });
  const one = (await admin.get(`/did-groups/${g.id}`)).body;
  assert.deepEqual([one.members, one.routes], [2, 1], 'the one that names the group is not counted twice');
  assert.deepEqual(one.used_by.map((r) => [r.id, r.destination_kind, r.destination_id, r.priority]), [[used.id, 'queue', q.id, 3]]);
  assert.deepEqual(one.numbers.map((r) => r.number), [d1.number]);
  assert.deepEqual(ids(await admin.get(`/inbound-routes?filter[did_group_id]=${g.id}`)), [used.id], 'usage details');
  assert.deepEqual(ids(await admin.get(`/numbers?filter[did_group_id]=${g.id}`)), [d1.id], 'DIDs of the group');
  await listOffers(admin, 'did-groups', g, { columns: ['name', 'members', 'entries', 'routes'], search: { name: '热线', match: 'number', 'created_at:between': between }, bin: false });
  await listOffers(admin, 'did-groups', await admin.make('did-groups', { name: next('空组') }), {});
  assert.equal((await admin.delete(`/inbound-routes/${used.id}`)).status, 204);
  assert.equal((await admin.get(`/did-groups/${g.id}`)).body.routes, 0);
  assert.ok((await boss.get(`/did-groups?filter[tenant_id]=${admin.tenant.id}`)).body.items.length >= 2, 'the carrier sees those of a team');
  assert.deepEqual((await other.get('/did-groups')).body.items, []);
});

// covers: PBX-V053 PBX-V054 PBX-V056 PBX-V057 PBX-Y14 PBX-K14 PBX-K15 PBX-K16 PBX-K17
test('DIDs: every field; one team each; an account and one of its extensions; who uses it', async () => {
  const trunk = await boss.make('trunks', { name: '网关一', host: '127.0.0.77' }), group = await admin.make('did-groups', { name: next('组') });
  const account = await admin.make('accounts', { username: 'li', name: '李', password: 'clerk-password' }), elsewhere = await admin.make('accounts', { username: 'wang', name: '王', password: 'clerk-password' });
  const extension = await admin.make('extensions', { number: '1001', password: 'at-least-8', account_id: account.id });
  const d = await fieldTable(boss, 'numbers', () => ({ tenant_id: admin.tenant.id, number: digits() }), {
    number: { zh: 'DID号码', required: true, refuses: ['abc', ''] },
    account_id: { zh: '账号', default: null, accepts: [account.id], refuses: [uuid] },
    extension_id: { zh: '分机', default: null, accepts: [extension.id], refuses: [uuid] },
    did_group_id: { zh: 'DID分组', default: null, accepts: [group.id], refuses: [uuid] },
    enabled: { zh: '状态', default: true, ...yesNo },
    rate_type: { zh: '费率类型', default: 'individual', accepts: ['group', 'individual'], refuses: ['x'] },
    rate: { zh: '费率', default: 0, accepts: [0.12], refuses: [-1] },
    monthly_rent: { zh: '月租费', default: 0, accepts: [30], refuses: [-1] },
    cost: { zh: '成本', default: 0, accepts: [1], refuses: [-1] },
    supplier: { zh: '供应商', default: '', accepts: ['电信'] },
    country: { zh: '国家', default: '', accepts: ['中国'] },
    language: { zh: '语言', default: 'zh', accepts: ['en', 'zh'], refuses: ['fr'] },
    remark: { zh: '备注', default: '', accepts: ['总机'] },
    name: { zh: '中继名称', default: '', accepts: ['上海一'] },
    trunk_id: { zh: '网关', default: null, accepts: [trunk.id], refuses: [uuid] },
    number_400: { zh: '400号码', default: null, accepts: ['4008001000'], refuses: ['x'] },
    call_type: { zh: '呼叫类型', default: 'both', accepts: ['in', 'out', 'both'], refuses: ['x'] },
    vip: { zh: 'VIP', default: false, ...yesNo },
    area_number: { zh: '区号加中继号码', readonly: true }, routes: { zh: '使用路由', readonly: true },
  });
  assert.equal((await boss.patch(`/numbers/${d.id}`, { area_code: '021', local_number: '50001000' })).body.area_number, '02150001000');
  assert.deepEqual(faults(await boss.patch(`/numbers/${d.id}`, { area_code: null })), [422, ['area_code']]);
  assert.deepEqual(faults(await boss.patch(`/numbers/${d.id}`, { account_id: elsewhere.id })), [422, ['extension_id']], 'only an extension of the account');
  const own = await did({});
  assert.equal((await admin.patch(`/numbers/${own.id}`, { extension_id: extension.id })).body.account_id, account.id, 'an extension brings its account');
  assert.equal((await boss.post('/numbers', { tenant_id: other.tenant.id, number: d.number })).status, 409, 'a DID belongs to one team');
  assert.equal((await boss.post('/numbers', { tenant_id: other.tenant.id, number: '4008001000' })).status, 409, 'so does its 400 number');
  const taken = await boss.post('/numbers', { tenant_id: other.tenant.id, number: digits(), number_400: d.number });
  assert.deepEqual(faults(taken), [409, ['number_400']]);
  // What the tenant may: use it, not change what it is or costs.
  const seen = (await admin.get(`/numbers/${d.id}`)).body;
  assert.ok(!('cost' in seen) && !('supplier' in seen));
  assert.equal((await admin.patch(`/numbers/${d.id}`, { remark: '客服', vip: true, did_group_id: null })).status, 200);
  for (const body of [{ number: '999' }, { enabled: true }, { rate: 0 }, { call_type: 'in' }, { trunk_id: null }]) assert.notEqual((await admin.patch(`/numbers/${d.id}`, body)).status, 200, JSON.stringify(body));
  assert.equal((await other.get(`/numbers/${d.id}`)).status, 404);
  const [r1, r2] = [await route({ did_match: 'number', number_id: d.id, priority: 7 }), await route({ did_match: 'number', number_id: d.id, destination_kind: 'ivr', destination_id: flow.id })];
  const one = (await admin.get(`/numbers/${d.id}`)).body;
  assert.equal(one.routes, 2);
  assert.deepEqual(one.used_by.map((r) => [r.destination_kind, r.destination_id, r.priority]).sort(), [['ivr', flow.id, 0], ['queue', q.id, 7]]);
  assert.deepEqual(ids(await admin.get(`/inbound-routes?filter[number_id]=${d.id}`)), [r1.id, r2.id].sort());
  await boss.patch(`/numbers/${d.id}`, { did_group_id: group.id, enabled: true });
  await listOffers(boss, 'numbers', d, {
    columns: ['number', 'did_group_id', 'account_id', 'tenant_id', 'monthly_rent', 'enabled', 'routes', 'name', 'trunk_id', 'area_code', 'local_number', 'area_number', 'number_400', 'created_at', 'updated_at', 'id', 'call_type', 'vip'].filter((c) => !['tenant_id', 'id'].includes(c)),
    search: { number: d.number, account_id: account.id, did_group_id: group.id, enabled: 'true', tenant_id: admin.tenant.id, 'created_at:between': between, number_400: '4008001000', area_number: '02150001000' }, q: d.number });
  assert.deepEqual(ids(await admin.get(`/inbound-routes?filter[number_id]=${d.id}`)), [r1.id, r2.id].sort(), 'its routes came back with it');
});

// covers: PBX-V055
test('whether an account has a DID already is told where it is chosen', async () => {
  const account = await admin.make('accounts', { username: 'zhao', name: '赵', password: 'clerk-password' });
  const note = (await meta(admin, 'numbers')).field('account_id').notes[0];
  assert.deepEqual([note.none_zh, note.zh], ['账户未使用', '账户已绑定DID']);
  const bound = () => admin.get(`/${note.resource}?filter[${note.by}]=${account.id}&fields=number`);
  assert.deepEqual((await bound()).body.items, []);
  const d = await did({ account_id: account.id });
  assert.deepEqual((await bound()).body.items.map((i) => i.number), [d.number]);
  assert.equal((await admin.patch(`/numbers/${(await did({})).id}`, { account_id: account.id })).status, 200, 'and may be bound again');
});

// covers: PBX-V058
test('the DID log: who gave which number to whom, and took it back', async () => {
  const [a, b] = [await admin.make('accounts', { username: 'log-a', name: 'A', password: 'clerk-password' }), await admin.make('accounts', { username: 'log-b', name: 'B', password: 'clerk-password' })];
  const d = await did({ account_id: a.id });
  await admin.patch(`/numbers/${d.id}`, { remark: 'no change of account' });
  await admin.patch(`/numbers/${d.id}`, { account_id: b.id });
  assert.equal((await boss.delete(`/numbers/${d.id}`)).status, 204);
  const log = (await admin.get(`/did-log?filter[number]=${d.number}&sort=created_at`)).body.items;
  assert.deepEqual(log.map((l) => `${l.operator} ${l.status} ${l.username}`).sort(), ['admin granted log-b', 'admin released log-a', 'carrier granted log-a', 'carrier released log-b']);
  const about = await meta(admin, 'did-log');
  for (const [c, zh] of [['operator', '操作者'], ['number', 'DID号码'], ['username', '用户名'], ['status', '状态']]) assert.equal(about.field(c).zh, zh);
  assert.deepEqual(Object.values(about.field('status').labels).map((c) => c.zh), ['已通过', '已释放']);
  const granted = log.find((l) => l.operator === 'admin' && l.status === 'granted');
  await listOffers(admin, 'did-log', granted, { columns: ['operator', 'number', 'username', 'status', 'created_at'], search: { number: d.number, username: 'log-b', operator: 'admin', status: 'granted', 'created_at:between': between }, bin: false });
  for (const r of [await admin.post('/did-log', { number: '1', status: 'granted' }), await admin.patch(`/did-log/${granted.id}`, { status: 'released' }), await admin.delete(`/did-log/${granted.id}`)]) assert.ok([403, 405].includes(r.status), `read-only: ${r.status}`);
  assert.deepEqual((await other.get('/did-log')).body.items, []);
});

// covers: PBX-V059 PBX-V060 PBX-V061 PBX-V062 PBX-V063
test('internal numbers: one plan over all kinds of objects', async () => {
  const account = await admin.make('accounts', { username: 'ext', name: 'E', password: 'clerk-password' });
  const e = await admin.make('extensions', { number: '1010', name: '前台', password: 'at-least-8', account_id: account.id });
  const menu = await admin.make('flows', { name: '夜间', number: '5010', document: '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block/></form></vxml>' });
  const room = await admin.make('rooms', { number: '6010', name: '例会' });
  const of = async (number) => (await admin.get(`/internal-numbers?filter[number]=${number}`)).body.items[0];
  const plan = await of('1010');
  assert.deepEqual([plan.kind, plan.object_id, plan.object, plan.account_id, plan.origin], ['extension', e.id, '前台(1010)', account.id, 'module']);
  assert.deepEqual([(await of('4001')).object, (await of('5010')).kind, (await of('6010')).kind], ['销售(4001)', 'ivr', 'conference']);
  // Every module that has numbers is in it, and leads back there: its row's page is what the object links to.
  const group = await admin.make('ring-groups', { name: '售后', number: '5510' });
  const app = await admin.make('applications', { name: '签入', context: 'agent_sign_in', number: '5610' });
  const key = (await admin.get('/shortcuts?filter[feature]=pickup')).body.items[0];
  const refs = (await meta(admin, 'internal-numbers')).field('object_id').refs;
  for (const [number, kind, object, resource] of [['1010', 'extension', e.id, 'extensions'], ['4001', 'queue', q.id, 'queues'], ['5510', 'ring_group', group.id, 'ring-groups'], ['5010', 'ivr', menu.id, 'flows'], ['6010', 'conference', room.id, 'rooms'],
    ['5610', 'application', app.id, 'applications'], [key.number, 'shortcut', key.id, 'shortcuts']]) {
    const row = await admin.get(`/internal-numbers?filter[number]=${encodeURIComponent(number)}`).then((r) => r.body.items[0]);
    assert.deepEqual([row?.kind, row?.object_id, row?.origin, refs[kind]], [kind, object, 'module', resource], number);
    assert.equal((await admin.get(`/${resource}/${object}`)).status, 200, `${number} leads to its module`);
    const gone = await admin.delete(`/internal-numbers/${row.id}`);
    assert.deepEqual([gone.status, /delete it there/.test(JSON.stringify(gone.body))], [422, true], `${number} is deleted in its module`);
  }
  // Unique over all kinds, both ways, and said plainly.
  assert.match(await refused('queues', { number: '1010', name: 'x' }, 409, 'number'), /1010/);
  assert.match(await refused('extensions', { number: '4001', password: 'at-least-8' }, 409, 'number'), /4001/);
  assert.equal((await admin.patch(`/flows/${menu.id}`, { number: '6010' })).status, 409);
  assert.equal((await other.post('/queues', { number: '1010', name: 'elsewhere' })).status, 201, 'another team has its own plan');
  // More numbers of an object, made and deleted here.
  const extra = await fieldTable(admin, 'internal-numbers', () => ({ number: `70${10 + ++n}`, kind: 'queue', object_id: q.id }), {
    number: { zh: '内线号码', required: true, accepts: ['7777'], refuses: ['abc', ''] }, kind: { zh: '对象' }, object_id: { zh: '对象ID', required: true }, object: { zh: '对象名称', readonly: true }, account_id: { zh: '帐号', readonly: true },
  });
  assert.equal((await meta(admin, 'internal-numbers')).field('kind').default, 'extension');
  assert.deepEqual(faults(await admin.patch(`/internal-numbers/${extra.id}`, { number: '1010' })), [409, ['number']], 'taken');
  for (const body of [{ kind: 'extension' }, { object_id: e.id }, { object: 'x' }, { account_id: account.id }]) assert.equal((await admin.patch(`/internal-numbers/${extra.id}`, body)).status, 422, 'only the number changes');
  await refused('internal-numbers', { number: '7010', kind: 'queue', object_id: uuid }, 422, 'object_id');
  const theirs = await admin.delete(`/internal-numbers/${plan.id}`);
  assert.deepEqual([theirs.status, theirs.body.errors[0].field], [422, 'number']);
  assert.match(JSON.stringify(theirs.body), /delete it there/);
  await listOffers(admin, 'internal-numbers', extra, { columns: ['number', 'kind', 'object', 'object_id', 'account_id'], search: { number: (await admin.get(`/internal-numbers/${extra.id}`)).body.number, kind: 'queue', 'created_at:between': between, 'updated_at:between': between } });
  assert.equal((await admin.get(`/internal-numbers?filter[account_id]=${account.id}`)).body.items[0].id, plan.id);
  // A module's number is changed here, too; an extension's needs its password again.
  const row = await of('6010');
  assert.equal((await admin.patch(`/internal-numbers/${row.id}`, { number: '6011' })).body.object, '例会(6011)');
  assert.equal((await admin.get(`/rooms/${room.id}`)).body.number, '6011');
  assert.deepEqual(faults(await admin.patch(`/internal-numbers/${plan.id}`, { number: '1011' })), [422, ['password']]);
  assert.equal((await admin.patch(`/internal-numbers/${plan.id}`, { number: '1011', password: 'at-least-9' })).status, 200);
  assert.equal((await admin.get(`/extensions/${e.id}`)).body.number, '1011');
  // With the object it goes, and comes back with it, with what was added to it.
  const more = await admin.make('internal-numbers', { number: '8888', kind: 'conference', object_id: room.id });
  assert.equal((await admin.delete(`/rooms/${room.id}`)).status, 204);
  assert.deepEqual([await of('6011'), await of('8888')], [undefined, undefined]);
  assert.equal((await admin.post(`/rooms/${room.id}/restore`, {})).status, 200);
  assert.deepEqual([(await of('6011')).object_id, (await of('8888')).id], [room.id, more.id]);
  // A copy wants a number of its own; many at once are refused as one.
  assert.equal((await admin.post(`/rooms/${room.id}/duplicate`, {})).status, 409);
  assert.equal((await admin.post(`/rooms/${room.id}/duplicate`, { number: '6012', name: '例会二' })).status, 201);
  const patched = await admin.patch(`/queues/${q.id}`, { name: '销售部' });
  assert.equal(patched.status, 200);
  assert.equal((await of('4001')).object, '销售部(4001)');
});

// covers: PBX-V064 PBX-V065 PBX-V066 PBX-Y19
test('work times: every field, over midnight and the year\'s end; what makes no sense is refused', async () => {
  const hours = ['08:00:00', '17:00:00'];
  const w = await fieldTable(admin, 'work-times', () => ({ name: next('时间'), time_from: hours[0], time_to: hours[1], date_from: '10-01', date_to: '10-07', weekday_from: 'mon', weekday_to: 'wed' }), {
    name: { zh: '名称', required: true, accepts: ['工作日'], refuses: [''] },
    date_from: { zh: '开始日期', accepts: ['12-25', '02-29'], refuses: ['13-01', '02-30', 'x'] },
    date_to: { zh: '结束日期', accepts: ['01-05'], refuses: ['00-00', '10-32'] },
    time_from: { zh: '起始时间', accepts: ['22:00:00', '09:00:00'], refuses: ['25:00', 'x'] },
    time_to: { zh: '结束时间', accepts: ['06:00:00', '23:59:00'], refuses: ['x'] },
    weekday_from: { zh: '开始星期', accepts: ['fri'], refuses: ['x', 0] },
    weekday_to: { zh: '结束星期', accepts: ['mon'], refuses: ['x'] },
  });
  assert.deepEqual(ids(await admin.get('/work-times?filter[weekday_from]=fri&filter[weekday_to]=mon&filter[date_from]=02-29&filter[date_to]=01-05&filter[time_from]=09:00:00&filter[time_to]=23:59:00')), [w.id]);
  await listOffers(admin, 'work-times', w, { columns: ['name', 'date_from', 'date_to', 'time_from', 'time_to', 'weekday_from', 'weekday_to'], search: { name: '工作日', 'created_at:between': between } });
  assert.equal((await admin.post('/work-times', { name: next('随时') })).status, 201, 'nothing said: always');
  await refused('work-times', { name: next('x'), time_from: '08:00:00' }, 422, 'time_to');
  await refused('work-times', { name: next('x'), date_to: '01-01' }, 422, 'date_from');
  await refused('work-times', { name: next('x'), time_from: '08:00:00', time_to: '08:00:00' }, 422, 'time_to');
  await refused('work-times', { name: next('x'), date_from: '2026-10-07', date_to: '2026-10-01' }, 422, 'date_to');
  await refused('work-times', { name: next('x'), date_from: '2026-10-07', date_to: '10-09' }, 422, 'date_to');
  assert.equal((await admin.post('/work-times', { name: next('x'), weekday_from: 'mon' })).status, 422);
  assert.equal((await other.get(`/work-times/${w.id}`)).status, 404);
});

// covers: PBX-V067 PBX-V068 PBX-V069 PBX-Y20
test('packages of work times, and holidays', async () => {
  const [w1, w2] = [await admin.make('work-times', { name: next('早') }), await admin.make('work-times', { name: next('晚') })], theirs = await other.make('work-times', { name: 'theirs' });
  const p = await fieldTable(admin, 'work-packages', () => ({ name: next('包'), work_times: [w1.id] }), {
    name: { zh: '名称', required: true, accepts: ['营业时间'], refuses: [''] }, enabled: { zh: '状态', default: true, ...yesNo },
    work_times: { zh: '工作时间', required: true, accepts: [[w1.id, w2.id]], refuses: [[], [uuid], [theirs.id], null] },
    holidays: { zh: '节假日', default: 'ignored', accepts: ['closed'], refuses: ['x'] }, remark: { zh: '备注', default: '', accepts: ['门店'] },
  });
  assert.equal(p.created_by, admin.session.account.id);
  await listOffers(admin, 'work-packages', p, { columns: ['name', 'remark', 'enabled', 'created_by', 'created_at'], search: { name: '营业时间', enabled: 'true', remark: '门店', 'created_at:between': between } });
  assert.deepEqual((await admin.get('/work-packages/' + p.id)).body.work_times, [w1.id, w2.id]);
  assert.equal((await admin.delete(`/work-times/${w2.id}`)).status, 204);
  assert.deepEqual((await admin.get(`/work-packages/${p.id}`)).body.work_times, [w1.id], 'a time that is deleted is in no package');
  const last = await admin.delete(`/work-times/${w1.id}`);
  assert.equal(last.status, 422, 'the last one stays: a package without times is never in force');
  assert.match(JSON.stringify(last.body), /the package .* would have no times/);
  await route({ package_id: p.id });
  assert.equal((await admin.delete(`/work-packages/${p.id}`)).status, 409, 'in use');
  const h = await fieldTable(admin, 'holidays', () => ({ name: next('节'), date_from: '10-01', date_to: '10-07' }), {
    name: { zh: '名称', required: true, accepts: ['国庆节'], refuses: [''] }, date_from: { zh: '开始日期', required: true, accepts: ['09-30'], refuses: ['x', '09-31'] },
    date_to: { zh: '结束日期', required: true, accepts: ['10-08'], refuses: ['x'] }, enabled: { zh: '启用', default: true, ...yesNo },
  });
  await listOffers(admin, 'holidays', h, { columns: ['name', 'date_from', 'date_to', 'enabled'], search: { name: '国庆节' } });
});

// covers: PBX-V079 PBX-V080 PBX-V081 PBX-V082 PBX-V083 PBX-V084 PBX-V085 PBX-V087 PBX-K01 PBX-K02 PBX-K03 PBX-K04
test('inbound routes: every field, every destination, every way to match', async () => {
  const d = await did({}), g = await admin.make('did-groups', { name: next('组') }), trunk = await boss.make('trunks', { name: next('t'), host: '127.0.0.78' });
  const w = await admin.make('work-times', { name: next('时') }), p = await admin.make('work-packages', { name: next('包'), work_times: [w.id] });
  const account = await admin.make('accounts', { username: 'auto', name: 'A', password: 'clerk-password' }), extension = await admin.make('extensions', { number: '1020', password: 'at-least-8' });
  const room = await admin.make('rooms', { number: '6020', name: 'R' });
  let priority = 100;
  const r = await fieldTable(admin, 'inbound-routes', () => ({ name: next('路由'), destination_kind: 'queue', destination_id: q.id, priority: ++priority }), {
    name: { zh: '路由名称', required: true, accepts: ['总机'], refuses: ['', 'x'.repeat(101)] },
    did_match: { zh: 'DID匹配', default: 'any', refuses: ['x'] },
    number_id: { zh: 'DID标识', default: null }, did_group_id: { zh: 'DID分组', default: null },
    caller_match: { zh: '主叫匹配', default: 'any', accepts: ['anonymous', 'any'], refuses: ['x'] },
    caller: { zh: '主叫号码目标', default: null },
    destination_kind: { zh: '转接', refuses: ['x'] }, destination_id: { zh: '转接名称', accepts: [q.id], refuses: [uuid, null] },
    trunk_id: { zh: '中继名称', default: null, accepts: [trunk.id, null], refuses: [uuid] },
    package_id: { zh: '工作时间包', default: null, accepts: [p.id, null], refuses: [uuid] },
    priority: { zh: '优先级', accepts: [255, 1], refuses: [-1, 1001, 'x'] },
    enabled: { zh: '状态', default: true, ...yesNo },
    weekdays: { zh: '星期', default: [], accepts: [['mon', 'sun'], []], refuses: [['x']] },
  });
  await refused('inbound-routes', { name: 'x', did_match: 'number', destination_kind: 'hangup' }, 422, 'number_id');
  await refused('inbound-routes', { name: 'x', did_match: 'group', destination_kind: 'hangup' }, 422, 'did_group_id');
  await refused('inbound-routes', { name: 'x', caller_match: 'prefix', destination_kind: 'hangup' }, 422, 'caller');
  const about = await meta(admin, 'inbound-routes');
  assert.deepEqual([about.field('priority').default, about.field('destination_kind').default], [0, 'ring_group']);
  assert.deepEqual(Object.values(about.field('destination_kind').labels).map((c) => c.zh), ['队列', 'IVR电脑话务', '分机', '振铃组', '会议室', '语音邮箱', '传真设备', '自动匹配', '应用', '外线号码', '结束', '语音']);
  const set = async (body, want = 200) => { const x = await admin.patch(`/inbound-routes/${r.id}`, body); assert.equal(x.status, want, `${JSON.stringify(body)}: ${JSON.stringify(x.body)}`); return x.body; };
  for (const [kind, id] of [['queue', q.id], ['ivr', flow.id], ['extension', extension.id], ['account', account.id], ['conference', room.id]]) {
    await set({ destination_kind: kind, destination_id: id });
    assert.equal((await admin.get(`/inbound-routes/${r.id}?expand=destination_id`)).body.expand.destination_id.id, id, kind);
  }
  await set({ destination_kind: 'hangup', destination_id: null });
  await set({ destination_kind: 'hangup', destination_id: q.id }, 422);
  await set({ destination_kind: 'external', destination_number: '+8613800000000', destination_id: null });
  await set({ destination_number: null }, 422);
  await set({ destination_kind: 'extension', destination_id: q.id, destination_number: null }, 422);
  await set({ destination_kind: 'queue', destination_id: q.id, destination_number: null });
  // DID: one, group, prefix, range, pattern; the other kinds' fields are forgotten.
  assert.equal((await set({ did_match: 'number', number_id: d.id })).number_id, d.id);
  const grouped = await set({ did_match: 'group', did_group_id: g.id });
  assert.deepEqual([grouped.number_id, grouped.did_group_id], [null, g.id]);
  for (const [match, good, bad] of [['prefix', '0215', 'x'], ['range', '02150001000-02150001999', '2-1'], ['pattern', '0215000[0-4]XXX.', '[']]) {
    assert.equal((await set({ did_match: match, did_pattern: good })).did_pattern, good);
    assert.deepEqual(faults(await admin.patch(`/inbound-routes/${r.id}`, { did_pattern: bad })), [422, ['did_pattern']]);
  }
  for (const [match, good, bad] of [['number', '+8613800000000', 'x'], ['prefix', '138', '1-2'], ['pattern', '13N.', '1.2']]) {
    assert.equal((await set({ caller_match: match, caller: good })).caller, good);
    assert.deepEqual(faults(await admin.patch(`/inbound-routes/${r.id}`, { caller: bad })), [422, ['caller']]);
  }
  await set({ date_from: '2026-10-01', date_to: '2026-10-07', time_from: '08:30:15', time_to: '17:00:00', weekdays: ['mon', 'tue'], did_match: 'number', number_id: d.id, trunk_id: trunk.id, package_id: p.id, enabled: true });
  await listOffers(admin, 'inbound-routes', r, {
    columns: ['name', 'did_match', 'number_id', 'did_group_id', 'did_pattern', 'caller_match', 'caller', 'destination_kind', 'destination_id', 'trunk_id', 'package_id', 'priority', 'enabled', 'weekdays', 'date_from', 'date_to', 'time_from', 'time_to', 'created_at', 'updated_at'],
    search: { name: '总机', did_match: 'number', number_id: d.id, caller_match: 'pattern', caller: '13N.', destination_kind: 'queue', destination_id: q.id, trunk_id: trunk.id, package_id: p.id, priority: '1', enabled: 'true', 'weekdays:contains': 'mon' }, q: '总机' });
  assert.deepEqual((await other.get('/inbound-routes')).body.items, []);
});

// covers: PBX-Y17 PBX-V086
test('three destinations by time segment; what is used elsewhere is told; what would be a matter of chance is refused', async () => {
  const d = await did({}), g = await admin.make('did-groups', { name: next('组') }), w = await admin.make('work-times', { name: next('时') }), p = await admin.make('work-packages', { name: next('包'), work_times: [w.id] });
  const base = { name: 'x', did_match: 'number', number_id: d.id, destination_kind: 'ivr', destination_id: flow.id };
  await refused('inbound-routes', { ...base, split: true }, 422, 'package_id');
  await refused('inbound-routes', { ...base, split: true, package_id: p.id }, 422, 'off_kind');
  await refused('inbound-routes', { ...base, split: true, package_id: p.id, off_kind: 'queue', off_id: uuid }, 422, 'off_id');
  await refused('inbound-routes', { ...base, split: true, package_id: p.id, off_kind: 'hangup', holiday_kind: 'external' }, 422, 'holiday_number');
  const split = await route({ ...base, split: true, package_id: p.id, off_kind: 'queue', off_id: q.id, holiday_kind: 'external', holiday_number: '13800000000' });
  assert.deepEqual([split.off_id, split.holiday_number], [q.id, '13800000000']);
  const one = await admin.patch(`/inbound-routes/${split.id}`, { split: false });
  assert.deepEqual([one.body.off_kind, one.body.holiday_number], [null, null]);
  const notes = Object.fromEntries((await meta(admin, 'inbound-routes')).fields.filter((f) => f.notes).map((f) => [f.name, f.notes]));
  assert.deepEqual(notes.number_id.map((x) => [x.resource, x.by]), [['inbound-routes', 'number_id']]);
  assert.deepEqual(notes.did_group_id.map((x) => [x.resource, x.by]), [['inbound-routes', 'did_group_id'], ['numbers', 'did_group_id']]);
  assert.deepEqual((await admin.get(`/inbound-routes?filter[number_id]=${d.id}&fields=name`)).body.items.map((i) => i.name), [split.name]);
  // Equal priority, the same calls.
  const same = { name: 'x', did_match: 'group', did_group_id: g.id, priority: 9 };
  const first = await route(same);
  assert.match(await refused('inbound-routes', { ...same, destination_kind: 'hangup' }, 409, 'priority'), new RegExp(first.name));
  for (const body of [{ priority: 8 }, { caller_match: 'anonymous' }, { package_id: p.id }, { enabled: false }, { time_from: '08:00:00', time_to: '09:00:00' }]) await route({ ...same, ...body });
  await refused('inbound-routes', { ...same, destination_kind: 'hangup', time_from: '08:30:00', time_to: '10:00:00' }, 409, 'priority');
  await route({ ...same, time_from: '09:30:00', time_to: '10:00:00' });
  await route({ did_match: 'range', did_pattern: '100-199' });
  await refused('inbound-routes', { name: 'x', did_match: 'range', did_pattern: '150-250', destination_kind: 'hangup' }, 409, 'priority');
  await route({ did_match: 'range', did_pattern: '120-130' }); // within: the narrower one comes first
  await route({ did_match: 'pattern', did_pattern: '77X1' });
  await refused('inbound-routes', { name: 'x', did_match: 'pattern', did_pattern: '77[12].', destination_kind: 'hangup' }, 409, 'priority');
  await route({ did_match: 'pattern', did_pattern: '77X2' });
});

// covers: PBX-V501 PBX-V502 PBX-V504 PBX-V505 PBX-V506 PBX-V507 PBX-V508 PBX-V509
test('screen-pop bindings: every field; one default; by caller, DID or group, trunk, priority', async () => {
  for (const o of (await admin.get('/business-objects')).body.items) await admin.patch(`/business-objects/${o.id}`, { enabled: true });
  const campaign = await admin.make('campaigns', { name: '回访' }), group = await admin.make('agent-groups', { name: '售后' }), d = await did({}), g = await admin.make('did-groups', { name: next('组') });
  const management = (await admin.get('/links?limit=100')).body.items.find((l) => l.kind === 'management'), form = await admin.make('questionnaires', { name: '问卷' });
  const client = await admin.make('business-clients', { name: '客户公司', management_link_id: management.id, questionnaires: [form.id] });
  const trunk = await boss.make('trunks', { name: next('t'), host: '127.0.0.79' });
  const b = await fieldTable(admin, 'bindings', () => ({ kind: 'did', did_match: 'number', number_id: d.id, target_kind: 'campaign', target_id: campaign.id }), {
    kind: { zh: '绑定类型', required: true, refuses: ['x'] }, target_kind: { zh: '目标类型', refuses: ['x'] }, target_id: { zh: '目标名称', required: true, refuses: [uuid, client.id] },
    agent_group_id: { zh: '坐席组', default: null, accepts: [group.id], refuses: [uuid] }, caller_name: { zh: '主叫名称', default: '', accepts: ['老客户'] },
    caller_number: { zh: '主叫号码', default: null, accepts: ['13800000000'], refuses: ['x'] }, did_match: { zh: 'DID匹配模式', default: 'number', refuses: ['x'] },
    number_id: { zh: 'DID', accepts: [d.id], refuses: [uuid, null] }, trunk_id: { zh: '中继匹配', default: null, accepts: [trunk.id], refuses: [uuid] },
    caller_match: { zh: '主叫号码匹配', default: null, accepts: ['138'], refuses: ['x'] }, priority: { zh: '优先级', default: 0, accepts: [9], refuses: [-1] }, enabled: { zh: '启用', default: true, ...yesNo },
  });
  assert.equal((await meta(admin, 'bindings')).field('target_kind').default, 'application');
  assert.deepEqual(Object.values((await meta(admin, 'bindings')).field('target_kind').labels).map((c) => c.zh), ['外呼营销中心', '虚拟呼入用户', '业务应用管理']);
  assert.ok((await admin.get('/bindings')).body.items.some((i) => i.id === b.id), 'what is saved is listed');
  await listOffers(admin, 'bindings', b, { columns: ['target_kind', 'target_id', 'kind', 'agent_group_id', 'caller_name', 'caller_number', 'priority'], search: { target_kind: 'campaign', target_id: campaign.id, kind: 'did', caller_number: '13800000000', caller_name: '老客户', number_id: d.id, agent_group_id: group.id, 'created_at:between': between } });
  await refused('bindings', { kind: 'caller', target_kind: 'campaign', target_id: campaign.id }, 422, 'caller_number');
  await refused('bindings', { kind: 'did', did_match: 'group', target_kind: 'campaign', target_id: campaign.id }, 422, 'did_group_id');
  await admin.make('bindings', { kind: 'did', did_match: 'group', did_group_id: g.id, target_kind: 'business_client', target_id: client.id });
  const usual = await admin.make('bindings', { kind: 'default', target_kind: 'business_client', target_id: client.id });
  await refused('bindings', { kind: 'default', target_kind: 'campaign', target_id: campaign.id }, 409, 'kind');
  assert.equal((await admin.delete(`/bindings/${usual.id}`)).status, 204);
  await admin.make('bindings', { kind: 'default', target_kind: 'campaign', target_id: campaign.id });
  assert.equal((await admin.post(`/bindings/${usual.id}/restore`, {})).status, 409, 'meanwhile there is another default');
  assert.deepEqual((await other.get('/bindings')).body.items, []);
});

// covers: PBX-R04
test('calls say by which inbound route they came, for reports', async () => {
  const r = await route({ caller_match: 'prefix', caller: '139' }), id = env.pg.sql('select zj.zj_uuid7()')[0][0];
  env.pg.sql(`insert into zj.call (tenant_id, id, direction, caller, started_at, ended_at, result, route_id, vip) values ('${admin.tenant.id}', '${id}', 'in', '1', now(), now(), 'answered', '${r.id}', true)`);
  const found = (await admin.get(`/calls?filter[route_id]=${r.id}&expand=route_id`)).body.items;
  assert.deepEqual(found.map((c) => [c.id, c.vip, c.expand.route_id.label]), [[id, true, r.name]]);
  await admin.delete(`/inbound-routes/${r.id}`);
  assert.equal((await admin.get(`/calls?filter[route_id]=${r.id}&expand=route_id`)).body.items[0].expand.route_id.deleted, true, 'also of one that is deleted');
});
