// Proves the field table of a requirement row: every field exists under its label, is accepted, defaulted, required and refused as stated.
import assert from 'node:assert/strict';

const rules = (r) => (r.body.errors ?? []).map((e) => e.field);
export async function meta(client, resource) {
  const found = (await client.get('/meta/resources')).body.resources.find((r) => r.name === resource);
  assert.ok(found, `${resource} is offered`);
  return Object.assign(found, { field: (name) => found.fields.find((f) => f.name === name) });
}

// `base` makes the body of a new row, each time another one; `table` has a line a field: { zh, default?, required?, readonly?, accepts?, refuses?, shown? (false: never answered) }.
export async function fieldTable(client, resource, base, table) {
  const about = await meta(client, resource);
  const row = await client.make(resource, base());
  for (const [name, line] of Object.entries(table)) {
    const what = `${resource}.${name}`, field = about.field(name);
    assert.ok(field, `${what} exists`);
    if (line.zh) assert.equal(field.zh, line.zh, what);
    assert.equal(Boolean(field.required), Boolean(line.required), `${what}: required`);
    assert.equal(Boolean(field.readonly), Boolean(line.readonly), `${what}: readonly`);
    if ('default' in line) {
      const body = base();
      delete body[name];
      assert.deepEqual((await client.make(resource, body))[name], line.default, `${what}: default`);
    }
    if (line.required) {
      const body = base();
      delete body[name];
      const r = await client.post(`/${resource}`, body);
      assert.equal(r.status, 422, `${what} is required: ${JSON.stringify(r.body)}`);
      assert.ok(rules(r).includes(name), `${what}: ${JSON.stringify(r.body)}`);
    }
    for (const value of line.accepts ?? []) {
      const r = await client.patch(`/${resource}/${row.id}`, { [name]: value });
      assert.equal(r.status, 200, `${what} = ${JSON.stringify(value)}: ${JSON.stringify(r.body)}`);
      if (line.shown !== false) assert.deepEqual((await client.get(`/${resource}/${row.id}`)).body[name], value, what);
    }
    for (const value of line.refuses ?? []) {
      const r = await client.patch(`/${resource}/${row.id}`, { [name]: value });
      assert.ok([400, 422].includes(r.status), `${what} = ${JSON.stringify(value)} is refused: ${r.status}`);
      assert.ok(rules(r).includes(name), `${what} = ${JSON.stringify(value)}: ${JSON.stringify(r.body)}`);
    }
  }
  return row;
}

// What a list offers: columns (all of them fields with labels), the search fields (each finds the row by its value), the recycle bin and export.
export async function listOffers(client, resource, row, { columns = [], search = {}, q, bin = true }) {
  const about = await meta(client, resource);
  for (const c of columns) assert.ok(about.field(c)?.zh && about.field(c)?.en, `${resource}: column ${c}`);
  for (const [field, value] of Object.entries(search)) {
    const [name, op] = field.split(':');
    const r = await client.get(`/${resource}?filter[${name}]${op ? `[${op}]` : ''}=${encodeURIComponent(value)}`);
    assert.equal(r.status, 200, `${resource}?${field}: ${JSON.stringify(r.body)}`);
    assert.ok(r.body.items.some((i) => i.id === row.id), `${resource} by ${field} = ${value}`);
    assert.ok(!('next' in r.body) || r.body.items.length > 0);
  }
  if (q) assert.deepEqual((await client.get(`/${resource}?q=${encodeURIComponent(q)}`)).body.items.map((i) => i.id), [row.id], `${resource}?q=${q}`);
  const job = await client.post(`/${resource}/export`, { format: 'xlsx', fields: columns.length ? columns : undefined });
  assert.equal(job.status, 202, `${resource}: export ${JSON.stringify(job.body)}`);
  assert.deepEqual([job.body.kind, job.body.resource], ['export', resource]);
  if (!bin) return;
  assert.equal((await client.delete(`/${resource}/${row.id}`)).status, 204, resource);
  assert.equal((await client.get(`/${resource}/${row.id}`)).status, 404);
  const gone = (await client.get(`/${resource}?deleted=true`)).body.items.find((i) => i.id === row.id);
  assert.ok(gone?.deleted_at, `${resource}: in the recycle bin`);
  const back = await client.post(`/${resource}/${row.id}/restore`, {});
  assert.equal(back.status, 200, `${resource}: ${JSON.stringify(back.body)}`);
  assert.equal((await client.get(`/${resource}/${row.id}`)).status, 200);
}
