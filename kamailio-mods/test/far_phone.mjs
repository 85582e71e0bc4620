// A telephone in a network of its own (edge_nat.test.mjs): registers, says what it is called, and obeys a line each.
//   node far_phone.mjs HOST EDGE PORT TRANSPORT   →  lines of JSON; stdin: call, drop-tone, end
import { createInterface } from 'node:readline';
import { Phone } from '../../tests/tools/phone.mjs';

const [host, edge, port, transport] = process.argv.slice(2);
const say = (what, more = {}) => console.log(JSON.stringify({ what, ...more }));
const phone = await Phone.open({
  host, user: '1001', domain: 'a.test', password: 'password-a', transport, proxy: { host: edge, port: Number(port) }, tls: { rejectUnauthorized: false }, answering: { after: 0, tone: 600 },
});
async function listen(call) {
  await call.answered;
  await call.rtp.hears(1400, { timeout: 8000 });
  say('hears', { direction: call.direction });
  say('ended', await call.ended);
}
phone.on('call', (call) => listen(call).catch((error) => say('failed', { error: error.message })));
for (let i = 0; ; i++) {
  try {
    await phone.register({ timeout: 2000 });
    break;
  } catch (error) {
    if (i === 20) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
say('registered', { port: phone.sip.port, contact: phone.contact });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'call') phone.call('4001', { tone: 600 }).then(listen).catch((error) => say('failed', { error: error.message }));
  if (line === 'end') break;
}
await phone.close();
process.exit(0);
