// A whole upload, as a client does it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export const PART = 8388608;
export const sha = (b) => createHash('sha256').update(b).digest('hex');
export const sendPart = (who, id, n, bytes) => who.put(`/uploads/${id}/parts/${n}`, bytes, { 'content-type': 'application/octet-stream' });
export async function openUpload(who, body) {
  const r = await who.post('/uploads', { name: 'a.csv', media_type: 'text/csv', purpose: 'import', ...body });
  assert.equal(r.status, 201, JSON.stringify(r.body));
  return r.body;
}
export async function upload(who, content, body = {}) {
  const bytes = Buffer.from(content), u = await openUpload(who, { bytes: bytes.length, ...body });
  for (let n = 1; n <= u.parts; n++) assert.equal((await sendPart(who, u.id, n, bytes.subarray((n - 1) * PART, n * PART))).status, 200);
  const r = await who.post(`/uploads/${u.id}/complete`, { sha256: sha(bytes) });
  assert.equal(r.status, 200, JSON.stringify(r.body));
  return r.body;
}
