// Malformed and odd SIP messages, each after a section of RFC 4475 (its name there in front), addressed to `target`.
// `answer` tells what a server owes us: 'error' (a 4xx/5xx/6xx response), 'any' (anything, also silence), 'ok' (valid but
// odd: any answer will do except a malformed-message crash).

const crlf = (text) => text.replace(/\r?\n/g, '\r\n');

/** @param o {host, port, local: {host, port}, user, domain} */
function odd({ host, port, local, user, domain }) {
	const uri = `sip:${user}@${domain}`;
	let n = 0;
	const head = (method, { ruri = uri, via = true, extra = '', cseq, to = `<${uri}>`, from = '<sip:torture@example.com>;tag=tort', contact = true } = {}) => {
		n++;
		return `${method} ${ruri} SIP/2.0
${via ? `Via: SIP/2.0/UDP ${local.host}:${local.port};branch=z9hG4bKtorture${n}\n` : ''}Max-Forwards: 70
From: ${from}
To: ${to}
Call-ID: torture-${n}-${local.port}
CSeq: ${cseq ?? `1 ${method}`}
${contact ? `Contact: <sip:torture@${local.host}:${local.port}>\n` : ''}${extra}`;
	};
	const empty = 'Content-Length: 0\n\n';
	const sdp = 'v=0\no=mhandley 29739 7272939 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\nt=0 0\nm=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\n';
	const body = (type = 'application/sdp', content = sdp) => `Content-Type: ${type}\nContent-Length: ${Buffer.byteLength(crlf(content))}\n\n${content}`;
	const m = (name, answer, text, raw = false) => ({ name, answer, bytes: raw ? text : Buffer.from(crlf(text)) });
	void host;
	void port;
	return [
		m('3.1.1.1 wsinv: a short tortuous INVITE', 'any', `INVITE ${uri};unknownparam SIP/2.0
TO :
 ${uri} ;   tag    = 1918181833n
from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@${local.host}
Content-Length   : ${Buffer.byteLength(crlf(sdp))}
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    ${local.host}:${local.port};branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

${sdp}`),
		m('3.1.1.2 intmeth: wide range of valid characters', 'any', head('!interesting-Method0123456789_*+`.%indeed\'~', { ruri: `sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@${domain}`, cseq: '139122385 !interesting-Method0123456789_*+`.%indeed\'~' }) + empty),
		m('3.1.1.3 esc01: escaped characters in the Request-URI', 'any', head('INVITE', { ruri: `sip:sips%3Auser%40example.com@${domain}` }) + body()),
		m('3.1.1.4 escnull: escaped nulls in URIs', 'any', head('REGISTER', { ruri: `sip:${domain}`, to: '<sip:null-%00-null@example.com>', from: '<sip:null-%00-null@example.com>;tag=839923423', extra: `Contact: <sip:%00@${local.host}>\nContact: <sip:%00%00@${local.host}>\n`, contact: false }) + empty),
		m('3.1.1.5 esc02: percent when not an escape', 'any', head('RE%47IST%45R', { ruri: `sip:${domain}`, to: '"%Z%45" <sip:resource@example.com>', from: '"%Z%45" <sip:resource@example.com>;tag=f232jadfj23', cseq: '234234 RE%47IST%45R' }) + empty),
		m('3.1.1.6 lwsdisp: no space between display name and <', 'any', head('OPTIONS', { ruri: `sip:${domain}`, from: 'caller<sip:caller@example.com>;tag=323' }) + empty),
		m('3.1.1.7 longreq: long values in header fields', 'any', head('INVITE', { to: `"I have a user name of extreme${' and then some'.repeat(60)}" <${uri};${'unknown'.repeat(30)}=${'long'.repeat(40)}>`, extra: `Unknown-${'Long'.repeat(100)}-Name: unknown-${'long'.repeat(100)}-value\n${Array.from({ length: 30 }, (_, i) => `Via: SIP/2.0/TCP sip${i}.example.com`).join('\n')}\n` }) + body()),
		m('3.1.1.8 dblreq: extra octets after the body', 'any', head('REGISTER', { ruri: `sip:${domain}` }) + empty + 'INVITE sip:joe@example.com SIP/2.0\nt: sip:joe@example.com\nFrom: sip:caller@example.net;tag=141334\nMax-Forwards: 8\nCall-ID: dblreq.0ha0isnda977644900765@192.0.2.15\nCSeq: 8 INVITE\nVia: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234\nContent-Length: 150\n\n'),
		m('3.1.1.9 semiuri: semicolon-separated parameters in the user part', 'any', head('OPTIONS', { ruri: `sip:user;par=u%40example.net@${domain}`, to: `<sip:j_user@${domain}>` }) + empty),
		m('3.1.1.10 transports: varied and unknown transport types', 'any', head('OPTIONS', { ruri: `sip:${domain}`, extra: 'Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKkkl1\nVia: SIP/2.0/TLS t3.example.com;branch=z9hG4bKkdjuw\nVia: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\n' }) + empty),
		m('3.1.1.11 mpart01: multipart body', 'any', head('MESSAGE', { extra: 'Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\nContent-Length: 130\n\n--7a9cbec02ceef655\nContent-Type: text/plain\n\nHello\n--7a9cbec02ceef655\nContent-Type: application/octet-stream\n\n\u0001\u0002\n--7a9cbec02ceef655--\n' })),
		m('3.1.1.12 unreason: unusual reason phrase (a stray response)', 'any', `SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e\nVia: SIP/2.0/UDP ${local.host}:${local.port};branch=z9hG4bK1324923\nCall-ID: unreason.1234ksdfak3j2erwedfsASdf\nCSeq: 35 INVITE\nFrom: sip:user@example.com;tag=11141343\nTo: sip:user@example.edu;tag=2229\n${empty}`),
		m('3.1.1.13 noreason: empty reason phrase (a stray response)', 'any', `SIP/2.0 100 \nVia: SIP/2.0/UDP ${local.host}:${local.port};branch=z9hG4bK2398ndaoe\nCall-ID: noreason.asndj203insdf99223ndf\nCSeq: 35 INVITE\nFrom: <sip:user@example.com>;tag=39ansfi3\nTo: <sip:user@example.edu>;tag=902jndnke3\n${empty}`),
		m('3.1.2.1 badinv01: extraneous header field separators', 'any', head('INVITE', { from: '<sip:caller@example.com>;;,;,,;tag=1', extra: 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,\nContact: "Joe" <sip:joe@example.org>;;;;\n', contact: false }) + body()),
		m('3.1.2.2 clerr: Content-Length larger than the message', 'error', head('INVITE') + `Content-Type: application/sdp\nContent-Length: 9999\n\n${sdp}`),
		m('3.1.2.3 ncl: negative Content-Length', 'any', head('INVITE') + `Content-Type: application/sdp\nContent-Length: -999\n\n${sdp}`),
		m('3.1.2.4 scalar02: request scalars with overlarge values', 'error', head('REGISTER', { ruri: `sip:${domain}`, cseq: '36893488147419103232 REGISTER', contact: false, extra: `Max-Forwards: 300\nExpires: ${'1'.repeat(100)}\nContact: <sip:user@host129.example.com>;expires=280297596632815\n` }) + empty),
		m('3.1.2.5 scalarlg: response scalars with overlarge values', 'any', `SIP/2.0 503 Service Unavailable\nVia: SIP/2.0/UDP ${local.host}:${local.port};branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129\nTo: <sip:user@example.com>;tag=1\nFrom: <sip:other@example.net>;tag=2easdjfejw\nCSeq: 9292394834772304023312 OPTIONS\nCall-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r\nRetry-After: 949302838503028349304023988\nWarning: 1812 overture "In Progress"\n${empty}`),
		m('3.1.2.6 quotbal: unterminated quoted string', 'any', head('INVITE', { to: `"Mr. J. User <${uri}>` }) + body()),
		m('3.1.2.7 ltgtruri: <> around the Request-URI', 'any', head('INVITE', { ruri: `<${uri}>` }) + body()),
		m('3.1.2.8 lwsruri: white space in the Request-URI', 'any', head('INVITE', { ruri: `${uri}; lr` }) + body()),
		m('3.1.2.9 lwsstart: multiple spaces in the start line', 'any', head('INVITE', { ruri: ` ${uri} ` }) + body()),
		m('3.1.2.10 trws: spaces at the end of the start line', 'any', head('OPTIONS').replace('SIP/2.0\n', 'SIP/2.0  \n') + empty),
		m('3.1.2.11 escruri: escaped headers in the Request-URI', 'any', head('INVITE', { ruri: `${uri}?Route=%3Csip:example.com%3E` }) + body()),
		m('3.1.2.12 baddate: invalid time zone in Date', 'any', head('INVITE', { extra: 'Date: Fri, 01 Jan 2010 16:00:00 EST\n' }) + body()),
		m('3.1.2.13 regbadct: name-addr needed around a URI with ?', 'any', head('REGISTER', { ruri: `sip:${domain}`, contact: false, extra: 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\n' }) + empty),
		m('3.1.2.14 badaspec: spaces within addr-spec', 'any', head('OPTIONS', { to: `"Watson, Thomas" < sip:t.watson@${domain} >` }) + empty),
		m('3.1.2.15 baddn: non-token characters in a display name', 'any', head('OPTIONS', { from: 'Bell, Alexander <sip:a.g.bell@example.com>;tag=43' }) + empty),
		m('3.1.2.16 badvers: unknown protocol version', 'any', head('OPTIONS').replace('SIP/2.0\n', 'SIP/7.0\n').replace('Via: SIP/2.0', 'Via: SIP/7.0') + empty),
		m('3.1.2.17 mismatch01: method in start line and CSeq differ', 'any', head('OPTIONS', { cseq: '8 INVITE' }) + empty),
		m('3.1.2.18 mismatch02: unknown method, CSeq differs', 'any', head('NEWMETHOD', { cseq: '8 INVITE' }) + empty),
		m('3.1.2.19 bigcode: overlarge response code', 'any', `SIP/2.0 4294967301 better not break the receiver\nVia: SIP/2.0/UDP ${local.host}:${local.port};branch=z9hG4bK2398ndaoe\nCall-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i\nCSeq: 353494 INVITE\nFrom: <sip:user@example.com>;tag=39ansfi3\nTo: <sip:user@example.edu>;tag=902jndnke3\n${empty}`),
		m('3.2.1 badbranch: missing transaction identifier', 'any', head('OPTIONS').replace(/branch=\S+/, 'branch=z9hG4bK') + empty),
		m('3.3.1 insuf: missing required header fields', 'any', `INVITE ${uri} SIP/2.0\nCSeq: 193942 INVITE\nVia: SIP/2.0/UDP ${local.host}:${local.port};branch=z9hG4bKkdj.insuf\n${body()}`),
		m('3.3.2 unkscm: unknown URI scheme in the Request-URI', 'any', head('OPTIONS', { ruri: 'nobodyKnowsThisScheme:totallyopaquecontent' }) + empty),
		m('3.3.3 novelsc: known but unexpected URI scheme', 'any', head('OPTIONS', { ruri: 'soap.beep://192.0.2.103:3002' }) + empty),
		m('3.3.4 unksm2: unknown schemes in header fields', 'any', head('REGISTER', { ruri: `sip:${domain}`, to: 'isbn:2983792873', from: '<http://www.example.com>;tag=3234233', contact: false, extra: 'Contact: <name:John_Smith>\n' }) + empty),
		m('3.3.5 bext01: Proxy-Require and Require of something unknown', 'any', head('OPTIONS', { extra: 'Proxy-Require: nothingSupportsThis, nothingSupportsThisEither\nRequire: nothingSupportsThis\n' }) + empty),
		m('3.3.6 invut: unknown Content-Type', 'any', head('INVITE') + body('application/unknownformat', '<audio>\n <pcmu port="443"/>\n</audio>\n')),
		m('3.3.7 regaut01: unknown authorization scheme', 'any', head('REGISTER', { ruri: `sip:${domain}`, extra: 'Authorization: NoOneKnowsThisScheme opaque-data=here\n' }) + empty),
		m('3.3.8 multi01: several values in single-value headers', 'any', head('INVITE', { extra: 'CSeq: 59 INVITE\nCall-ID: multi01.another\nMax-Forwards: 5\nFrom: sip:other@example.com;tag=2\nTo: sip:second@example.com\nContent-Type: application/sdp\n' }) + body()),
		m('3.3.9 mcl01: several Content-Length values', 'any', head('OPTIONS') + 'Content-Length: 13\nContent-Length: 5\n\nThere\'s no way to know how many octets are supposed to be here.\n'),
		m('3.3.10 bcast: a 200 with broadcast Via', 'any', `SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\nCall-ID: bcast.0384840201234ksdfak3j2erwedfsASdf\nCSeq: 35 INVITE\nFrom: sip:user@example.com;tag=11141343\nTo: sip:user@example.edu;tag=2229\n${empty}`),
		m('3.3.11 zeromf: Max-Forwards of zero', 'any', head('OPTIONS').replace('Max-Forwards: 70', 'Max-Forwards: 0') + empty),
		m('3.3.12 cparam01: REGISTER with a contact parameter', 'any', head('REGISTER', { ruri: `sip:${domain}`, contact: false, extra: 'Contact: sip:+19725552222@gw1.example.net;unknownparam\n' }) + empty),
		m('3.3.13 cparam02: REGISTER with a URL parameter', 'any', head('REGISTER', { ruri: `sip:${domain}`, contact: false, extra: 'Contact: <sip:+19725552222@gw1.example.net;unknownparam>\n' }) + empty),
		m('3.3.14 regescrt: REGISTER with an escaped Route in the contact', 'any', head('REGISTER', { ruri: `sip:${domain}`, contact: false, extra: 'Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\n' }) + empty),
		m('3.3.15 sdp01: unacceptable Accept', 'any', head('INVITE', { extra: 'Accept: text/nobodyKnowsThis\n' }) + body()),
		m('3.4.1 inv2543: INVITE of RFC 2543', 'any', `INVITE ${uri} SIP/2.0\nVia: SIP/2.0/UDP ${local.host}:${local.port}\nFrom: <sip:iuser@example.com>\nTo: <${uri}>\nCall-ID: inv2543.1717@${local.host}\nCSeq: 1 INVITE\n${body()}`),
		// and what no RFC lists
		m('nothing but nulls', 'any', Buffer.alloc(2000), true),
		m('random octets', 'any', Buffer.from(Array.from({ length: 1400 }, (_, i) => (i * 7919 + 13) & 0xff)), true),
		m('a start line without end', 'any', Buffer.from(`INVITE ${'a'.repeat(60_000)}`), true),
		m('headers without end', 'any', head('INVITE') + 'X-Many: x\n'.repeat(4000)),
		m('a header of 50 kB', 'any', head('INVITE', { extra: `X-Long: ${'y'.repeat(50_000)}\n` }) + empty),
		m('SDP that is no SDP', 'any', head('INVITE') + body('application/sdp', '\u0000\u0001 = v\nm=audio 99999999999 RTP/AVP -1 99999\nc=IN IP4 999.999.999.999\n')),
		m('our own headers from outside', 'any', head('INVITE', { extra: 'X-Zj-Tenant: 00000000-0000-7000-8000-000000000000\nX-Zj-Kind: queue\nX-Zj-Target: \' or 1=1 --\n' }) + body()),
		m('SQL in the user part', 'any', head('REGISTER', { ruri: `sip:${domain}`, to: `<sip:1001';drop table extension;--@${domain}>`, from: `<sip:1001';drop table extension;--@${domain}>;tag=sql` }) + empty),
	];
}

/** Every section of RFC 4475 once more, in bytes that nothing repairs on the way, and a few of the same kind. */
function sections(user, host) {
const head = (method, uri, name, more = '', body = '') => crlf(`${method} ${uri} SIP/2.0
Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-${name}
Max-Forwards: 70
To: <sip:${user}@${host}>
From: <sip:${user}@${host}>;tag=${name}
Call-ID: ${name}.4475
CSeq: 1 ${method}
Contact: <sip:${user}@192.0.2.2>
${more}Content-Length: ${Buffer.byteLength(crlf(body))}

${body}`);

const offer = `v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
`;

return [
  ['3.1.1.1 tortuous INVITE', crlf(`INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

${offer}`)],
  ['3.1.1.2 wide range of characters', head('!interesting-Method0123456789_*+`.%indeed\'~', `sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@${host}`, 'intmeth')],
  ['3.1.1.3 escaped and non-escaped characters', head('INVITE', `sip:sips%3Auser%40example.com@${host}`, 'esc01', 'Content-Type: application/sdp\n', offer)],
  ['3.1.1.4 escaped nulls', head('REGISTER', `sip:${host}`, 'escnull').replaceAll(`${user}@${host}`, `null-%00-null@${host}`)],
  ['3.1.1.5 percent that escapes nothing', head('RE%47IST%45R', `sip:${host}`, 'esc02')],
  ['3.1.1.6 no white space between display name and <', head('OPTIONS', `sip:${user}@${host}`, 'lwsdisp').replace('From: <', 'From: caller<')],
  ['3.1.1.7 long values', head('INVITE', `sip:${user}@${host}`, 'longreq', `${'X-Long: '}${'v'.repeat(8000)}\nContact: ${'<sip:a@b.test>, '.repeat(80)}<sip:z@b.test>\n`, offer)],
  ['3.1.1.8 trailing octets', head('REGISTER', `sip:${host}`, 'dblreq') + head('INVITE', `sip:${user}@${host}`, 'dblreq2')],
  ['3.1.1.9 semicolon in the user part', head('OPTIONS', `sip:user;par=u%40example.net@${host}`, 'semiuri')],
  ['3.1.1.10 varied transports', head('OPTIONS', `sip:user@${host}`, 'transports', 'Via: SIP/2.0/SCTP 192.0.2.1\nVia: SIP/2.0/TLS 192.0.2.1\nVia: SIP/2.0/UNKNOWN 192.0.2.1\n')],
  ['3.1.1.11 multipart with binary', Buffer.concat([Buffer.from(head('MESSAGE', `sip:${user}@${host}`, 'mpart01', 'Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\n').replace('Content-Length: 0', 'Content-Length: 300')),
    Buffer.from('--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n'), Buffer.from(Array.from({ length: 230 }, (_, i) => (i * 37) & 0xff))])],
  ['3.1.1.12 unusual reason phrase', crlf('SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nCall-ID: unreason.1\nCSeq: 35 INVITE\nFrom: sip:user@example.com;tag=11141343\nTo: sip:user@example.edu;tag=2229\nContent-Length: 0\n\n')],
  ['3.1.1.13 empty reason phrase', crlf('SIP/2.0 100 \nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe\nCall-ID: noreason.1\nCSeq: 35 INVITE\nFrom: <sip:user@example.com>;tag=39ansfi3\nTo: <sip:user@example.edu>;tag=902jndnke3\nContent-Length: 0\n\n')],
  ['3.1.2.1 extraneous separators', head('INVITE', `sip:${user}@${host}`, 'badinv01', 'Contact: "Joe" <sip:joe@example.org>;;;;\nContent-Type: application/sdp\n', offer).replace('Via: SIP/2.0/UDP 192.0.2.2', 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,')],
  ['3.1.2.2 Content-Length larger than message', head('INVITE', `sip:${user}@${host}`, 'clerr', 'Content-Type: application/sdp\n', offer).replace(/Content-Length: \d+/, 'Content-Length: 9999')],
  ['3.1.2.3 negative Content-Length', head('INVITE', `sip:${user}@${host}`, 'ncl', 'Content-Type: application/sdp\n', offer).replace(/Content-Length: \d+/, 'Content-Length: -999')],
  ['3.1.2.4 scalars out of range', head('REGISTER', `sip:${host}`, 'scalar02', 'Expires: 10000000000000000000\n').replace('CSeq: 1 ', 'CSeq: 36893488147419103232 ').replace('Max-Forwards: 70', 'Max-Forwards: 300')],
  ['3.1.2.5 response scalars out of range', crlf('SIP/2.0 503 Service Unavailable\nVia: SIP/2.0/TCP 192.0.2.3;branch=z9hG4bKzzxdiwo34sw;received=129.0.2.105\nTo: <sip:user@example.com>\nFrom: <sip:other@example.net>;tag=2easdjfejw\nCSeq: 9292394834772304023312 OPTIONS\nCall-ID: scalarlg.1\nRetry-After: 949302838503028349304023988\nWarning: 1812 overture "In Progress"\nContent-Length: 0\n\n')],
  ['3.1.2.6 unterminated quoted string', head('INVITE', `sip:${user}@${host}`, 'quotbal').replace('To: <', 'To: "Mr. J. User <')],
  ['3.1.2.7 <> around the Request-URI', head('INVITE', `<sip:${user}@${host}>`, 'ltgtruri')],
  ['3.1.2.8 blanks in the Request-URI', head('INVITE', `sip:${user}@${host}; lr`, 'lwsruri')],
  ['3.1.2.9 several SP in the start line', head('INVITE', `sip:${user}@${host}`, 'lwsstart').replace('INVITE sip', 'INVITE  sip').replace(' SIP/2.0\r\n', '  SIP/2.0\r\n')],
  ['3.1.2.10 SP at the end of the start line', head('OPTIONS', `sip:${user}@${host}`, 'trws').replace(' SIP/2.0\r\n', ' SIP/2.0  \r\n')],
  ['3.1.2.11 escaped headers in the Request-URI', head('INVITE', `sip:${user}@${host}?Route=%3Csip:example.com%3E`, 'escruri')],
  ['3.1.2.12 invalid time zone in Date', head('INVITE', `sip:${user}@${host}`, 'baddate', 'Date: Fri, 01 Jan 2010 16:00:00 EST\n')],
  ['3.1.2.13 name-addr URI not in <>', head('REGISTER', `sip:${host}`, 'regbadct').replace(`Contact: <sip:${user}@192.0.2.2>`, 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E')],
  ['3.1.2.14 blanks within addr-spec', head('OPTIONS', `sip:${user}@${host}`, 'badaspec').replace(/To: <sip/, 'To: "Watson, Thomas" < sip')],
  ['3.1.2.15 non-token display name', head('OPTIONS', `sip:${user}@${host}`, 'baddn').replace('From: <', 'From: Bell, Alexander <')],
  ['3.1.2.16 unknown protocol version', head('OPTIONS', `sip:${user}@${host}`, 'badvers').replaceAll('SIP/2.0', 'SIP/7.0')],
  ['3.1.2.17 methods differ', head('OPTIONS', `sip:${user}@${host}`, 'mismatch01').replace('CSeq: 1 OPTIONS', 'CSeq: 8 INVITE')],
  ['3.1.2.18 unknown method, CSeq differs', head('NEWMETHOD', `sip:${user}@${host}`, 'mismatch02').replace('CSeq: 1 NEWMETHOD', 'CSeq: 8 INVITE')],
  ['3.1.2.19 overlarge response code', crlf('SIP/2.0 4294967301 better not break the receiver\nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe\nCall-ID: bigcode.1\nCSeq: 353494 INVITE\nFrom: <sip:user@example.com>;tag=39ansfi3\nTo: <sip:user@example.edu>;tag=902jndnke3\nContent-Length: 0\n\n')],
  ['3.2.1 missing transaction identifier', head('OPTIONS', `sip:${user}@${host}`, 'badbranch').replace('z9hG4bK-badbranch', 'z9hG4bK')],
  ['3.3.1 missing required header fields', crlf(`INVITE sip:${user}@${host} SIP/2.0\nCSeq: 193942 INVITE\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf\nContent-Type: application/sdp\nContent-Length: 5\n\nv=0\n`)],
  ['3.3.2 unknown scheme', head('OPTIONS', 'nobodyKnowsThisScheme:totallyopaquecontent', 'unkscm')],
  ['3.3.3 known but unusual scheme', head('OPTIONS', 'soap.beep://192.0.2.103:3002', 'novelsc')],
  ['3.3.4 unknown scheme in To', head('REGISTER', `sip:${host}`, 'unksm2').replace('To: <sip:', 'To: <isbn:')],
  ['3.3.5 Proxy-Require and Require', head('OPTIONS', `sip:${user}@${host}`, 'bext01', 'Require: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxiesSupportThis\n')],
  ['3.3.6 unknown Content-Type', head('INVITE', `sip:${user}@${host}`, 'invut', 'Content-Type: application/unknownformat\n', '<audio>\n <pcmu port="443"/>\n</audio>\n')],
  ['3.3.7 unknown authorization scheme', head('REGISTER', `sip:${host}`, 'regaut01', 'Authorization: NoOneKnowsThisScheme opaque-data=here\n')],
  ['3.3.8 several values of single fields', head('INVITE', `sip:${user}@${host}`, 'multi01', 'CSeq: 59 INVITE\nCall-ID: multi01.second\nMax-Forwards: 5\nFrom: <sip:other@example.com>;tag=3413415\nTo: <sip:other@example.com>\nContent-Type: application/sdp\nContent-Type: text/plain\n', offer)],
  ['3.3.9 several Content-Length', head('OPTIONS', `sip:${user}@${host}`, 'mcl01', 'Content-Length: 13\nContent-Length: 5\n', 'There is no way to know\n')],
  ['3.3.10 200 with broadcast Via', crlf('SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\nCall-ID: bcast.1\nCSeq: 35 INVITE\nFrom: <sip:user@example.com>;tag=11141343\nTo: <sip:user@example.edu>;tag=2229\nContent-Length: 0\n\n')],
  ['3.3.11 Max-Forwards of zero', head('OPTIONS', `sip:${user}@${host}`, 'zeromf').replace('Max-Forwards: 70', 'Max-Forwards: 0')],
  ['3.3.12 Contact parameter of REGISTER', head('REGISTER', `sip:${host}`, 'cparam01').replace(`<sip:${user}@192.0.2.2>`, 'sip:+19725552222@gw1.example.net;unknownparam')],
  ['3.3.13 URL parameter of REGISTER', head('REGISTER', `sip:${host}`, 'cparam02').replace(`<sip:${user}@192.0.2.2>`, '<sip:+19725552222@gw1.example.net;unknownparam>')],
  ['3.3.14 escaped Route in a Contact', head('REGISTER', `sip:${host}`, 'regescrt').replace(`<sip:${user}@192.0.2.2>`, '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>')],
  ['3.3.15 Accept that is unacceptable', head('INVITE', `sip:${user}@${host}`, 'sdp01', 'Accept: text/nobodyKnowsThis\nContent-Type: application/sdp\n', offer)],
  ['3.4.1 RFC 2543 INVITE', crlf(`INVITE sip:${user}@${host} SIP/2.0\nVia: SIP/2.0/UDP iftgw.example.com\nFrom: <sip:+13035551111@ift.client.example.net;user=phone>\nRecord-Route: <sip:UserB@example.com;maddr=ss1.example.com>\nTo: sip:+16505552222@ss1.example.net;user=phone\nCall-ID: inv2543.1717@ift.client.example.com\nCSeq: 56 INVITE\nContent-Type: application/sdp\n\n${offer}`)],
  // Not of the RFC, but of the same kind.
  ['only zeros', Buffer.alloc(1400)],
  ['a request of one line', `INVITE sip:${user}@${host} SIP/2.0\r\n\r\n`],
  ['X-Zj-Call that is no UUID', head('INVITE', `sip:${user}@${host}`, 'xzj', 'X-Zj-Call: %s%n%s\nX-Zj-Tenant: \'; drop table tenant; --\n')],
  ['a huge number of header fields', head('OPTIONS', `sip:${user}@${host}`, 'many', 'X-A: b\n'.repeat(5000))],
  ['a URI of 4000 digits', head('INVITE', `sip:${'9'.repeat(4000)}@${host}`, 'longnum')],
];
}

/** @param o {host, port, local: {host, port}, user, domain} → [{name, answer, bytes}] */
export function torture(o) {
	return [...odd(o), ...sections(o.user, o.domain).map(([name, bytes]) => ({ name, answer: 'any', bytes: Buffer.from(bytes) }))];
}
