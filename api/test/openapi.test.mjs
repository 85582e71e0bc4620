// The machine-readable description is a valid OpenAPI 3.1 document (checked by structure, against what the specification allows), and
// what it says is true: rows answer to their schema, what it requires is required, paths that it names are there.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../schema/test/pg.mjs';
import { Client, startEnv, until } from './env.mjs';

let env, admin, carrier;
const documents = {};
before(async () => {
  env = await startEnv();
  admin = await env.tenant('alpha');
  carrier = await env.carrier();
  env.pg.sql(`begin; ${readFileSync(join(root, 'api/test/toy.sql'), 'utf8')}; commit`);
  await until('toys', async () => (await admin.get('/toys')).status === 200, 5000);
  documents.tenant = (await new Client(env).get('/openapi.json')).body;
  documents.carrier = (await new Client(env).get('/openapi.json?as=carrier')).body;
});
after(() => env.close());

// What may stand where, in the words of the specification.
const keys = {
  root: ['openapi', 'info', 'jsonSchemaDialect', 'servers', 'paths', 'webhooks', 'components', 'security', 'tags', 'externalDocs'],
  item: ['$ref', 'summary', 'description', 'servers', 'parameters', 'get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'],
  operation: ['tags', 'summary', 'description', 'externalDocs', 'operationId', 'parameters', 'requestBody', 'responses', 'callbacks', 'deprecated', 'security', 'servers'],
  parameter: ['name', 'in', 'description', 'required', 'deprecated', 'allowEmptyValue', 'style', 'explode', 'allowReserved', 'schema', 'example', 'examples', 'content'],
  response: ['description', 'headers', 'content', 'links'],
  body: ['description', 'content', 'required'],
  schema: ['$ref', 'type', 'format', 'title', 'description', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'default', 'minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'writeOnly', 'readOnly'],
};
const only = (o, kind, where) => { for (const k of Object.keys(o)) assert.ok(keys[kind].includes(k), `${where}: ${k} has no place in a ${kind}`); };
const types = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'];

function schemaIsGood(doc, s, where) {
  only(s, 'schema', where);
  if (s.$ref) return assert.ok(doc.components.schemas[/^#\/components\/schemas\/([\w.-]+)$/.exec(s.$ref)?.[1]], `${where}: ${s.$ref} points to nothing`);
  for (const t of [s.type ?? []].flat()) assert.ok(types.includes(t), `${where}: ${t}`);
  if (s.enum) assert.ok(Array.isArray(s.enum) && s.enum.length > 0 && new Set(s.enum).size === s.enum.length, `${where}: enum`);
  for (const [a, b] of [['minimum', 'maximum'], ['minLength', 'maxLength']]) if (s[a] !== undefined && s[b] !== undefined) assert.ok(s[a] <= s[b], `${where}: ${a} > ${b}`);
  if (s.pattern) assert.ok(typeof s.pattern === 'string');
  for (const r of s.required ?? []) assert.ok(s.properties[r], `${where}: requires ${r}, which it does not have`);
  for (const [name, p] of Object.entries(s.properties ?? {})) schemaIsGood(doc, p, `${where}.${name}`);
  if ([s.type].flat().includes('array')) assert.ok(s.items, `${where}: an array of what?`);
  if (s.items) schemaIsGood(doc, s.items, `${where}[]`);
  if (s.enum && s.default !== undefined && !Array.isArray(s.default)) assert.ok(s.enum.includes(s.default), `${where}: its default is not one of its values`);
}

function contentIsGood(doc, content, where) {
  for (const [media, m] of Object.entries(content ?? {})) {
    assert.match(media, /^[\w.+-]+\/[\w.+*-]+$/);
    schemaIsGood(doc, m.schema, where);
  }
}

function documentIsGood(doc) {
  const operations = new Set();
  only(doc, 'root', 'document');
  assert.equal(doc.openapi, '3.1.0');
  assert.ok(doc.info.title && doc.info.version);
  for (const [name, s] of Object.entries(doc.components.schemas)) schemaIsGood(doc, s, name);
  for (const [path, item] of Object.entries(doc.paths)) {
    assert.match(path, /^\/[\w./{}-]+$/);
    only(item, 'item', path);
    for (const method of ['get', 'put', 'post', 'delete', 'patch'].filter((m) => item[m])) {
      const op = item[method], where = `${method} ${path}`, parameters = [...(item.parameters ?? []), ...(op.parameters ?? [])];
      only(op, 'operation', where);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
      assert.equal(new Set(inPath).size, inPath.length, where);
      assert.deepEqual(parameters.filter((p) => p.in === 'path').map((p) => p.name).sort(), [...inPath].sort(), where);
      assert.equal(new Set(parameters.map((p) => `${p.in}:${p.name}`)).size, parameters.length, `${where}: a parameter twice`);
      for (const p of parameters) {
        only(p, 'parameter', where);
        assert.ok(['query', 'path', 'header', 'cookie'].includes(p.in) && p.schema && (p.in !== 'path' || p.required === true), where);
        schemaIsGood(doc, p.schema, where);
      }
      if (op.operationId) { assert.ok(!operations.has(op.operationId), `${op.operationId} twice`); operations.add(op.operationId); }
      if (op.requestBody) { only(op.requestBody, 'body', where); contentIsGood(doc, op.requestBody.content, where); }
      assert.ok(Object.keys(op.responses).length > 0, where);
      for (const [status, r] of Object.entries(op.responses)) {
        assert.match(status, /^([1-5](\d\d|XX)|default)$/);
        only(r, 'response', where);
        assert.ok(r.description, where);
        contentIsGood(doc, r.content, where);
      }
      for (const s of op.security ?? []) for (const name of Object.keys(s)) assert.ok(doc.components.securitySchemes[name]);
    }
  }
  return operations;
}

test('both documents are valid OpenAPI 3.1', () => {
  for (const [name, doc] of Object.entries(documents)) assert.ok(documentIsGood(doc).size > 100, name);
});

test('every resource is there with the verbs that it offers', async () => {
  const { resources } = (await admin.get('/meta/resources')).body;
  for (const r of resources) {
    const many = documents.tenant.paths[`/api/v1/${r.name}`], one = documents.tenant.paths[`/api/v1/${r.name}/{id}`];
    const there = { list: many.get && one.get, create: many.post || r.upload, update: one.patch, delete: one.delete };
    for (const verb of Object.keys(there)) assert.ok(there[verb] || !r.can[verb], `${r.name} ${verb}`);
    for (const [verb, op] of [['post', many.post], ['patch', one.patch]]) if (op?.operationId) assert.ok(r.can[verb === 'post' ? 'create' : 'update'], `${r.name} does not offer ${verb}`);
    const more = { export: `/api/v1/${r.name}/export`, import: `/api/v1/${r.name}/import`, history: `/api/v1/${r.name}/{id}/history`, restore: `/api/v1/${r.name}/{id}/restore` };
    for (const [verb, path] of Object.entries(more)) assert.equal(!!documents.tenant.paths[path], r.can[verb], `${r.name} ${verb}`);
  }
  for (const name of ['q', 'match', 'filter', 'sort', 'fields', 'expand', 'limit', 'cursor', 'skip', 'count', 'deleted']) assert.ok(documents.tenant.paths['/api/v1/toys'].get.parameters.some((p) => p.name === name), name);
  assert.equal((await carrier.get('/tenants')).status, 200);
  assert.ok(documents.carrier.paths['/api/v1/tenants'].post && !documents.tenant.paths['/api/v1/tenants'].post);
});

test('a row is what its schema says, and a new one needs what its schema requires', async () => {
  const { toy, toy_create: create } = documents.tenant.components.schemas;
  assert.deepEqual(create.required.sort(), ['name', 'number']);
  assert.ok(create.properties.secret.writeOnly && !toy.properties.secret && !create.properties.id && toy.properties.id);
  assert.deepEqual([create.properties.made_on.format, create.properties.pieces.maximum, create.properties.tags.items.enum, create.properties.colour.default], ['date', 1000, ['soft', 'loud', 'new'], 'red']);
  const row = await admin.make('toys', { number: '1', name: 'x' });
  assert.deepEqual(Object.keys(row).filter((k) => !toy.properties[k]), []);
  assert.deepEqual(Object.keys(toy.properties).filter((k) => !(k in row)).sort(), ['expand']);
  for (const [key, value] of Object.entries(row)) {
    const t = [toy.properties[key].type ?? types].flat(), is = value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
    assert.ok(t.includes(is) || (is === 'integer' && t.includes('number')), `${key} is ${is}, not ${t}`);
  }
  for (const key of create.required) {
    const r = await admin.post('/toys', { number: '2', name: 'x', [key]: undefined });
    assert.deepEqual(r.body.errors.map((e) => `${e.field}:${e.rule}`), [`${key}:required`]);
  }
});
