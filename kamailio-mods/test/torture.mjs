// The torture messages of RFC 4475 (sections in the names), aimed at our host where that is what makes them bite.
// Each is [name, bytes]. Written with the lines' own ends, so nothing repairs them on the way.
const crlf = (text) => text.replace(/\r?\n/g, '\r\n');
const host = 'a.test';

const head = (method, uri, name, more = '', body = '') => crlf(`${method} ${uri} SIP/2.0
Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-${name}
Max-Forwards: 70
To: <sip:1001@${host}>
From: <sip:1001@${host}>;tag=${name}
Call-ID: ${name}.4475
CSeq: 1 ${method}
Contact: <sip:1001@192.0.2.2>
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

export const torture = [
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
  ['3.1.1.4 escaped nulls', head('REGISTER', `sip:${host}`, 'escnull').replace(/1001@a/g, 'null-%00-null@a')],
  ['3.1.1.5 percent that escapes nothing', head('RE%47IST%45R', `sip:${host}`, 'esc02')],
  ['3.1.1.6 no white space between display name and <', head('OPTIONS', `sip:1001@${host}`, 'lwsdisp').replace('From: <', 'From: caller<')],
  ['3.1.1.7 long values', head('INVITE', `sip:1001@${host}`, 'longreq', `${'X-Long: '}${'v'.repeat(8000)}\nContact: ${'<sip:a@b.test>, '.repeat(80)}<sip:z@b.test>\n`, offer)],
  ['3.1.1.8 trailing octets', head('REGISTER', `sip:${host}`, 'dblreq') + head('INVITE', `sip:1001@${host}`, 'dblreq2')],
  ['3.1.1.9 semicolon in the user part', head('OPTIONS', `sip:user;par=u%40example.net@${host}`, 'semiuri')],
  ['3.1.1.10 varied transports', head('OPTIONS', `sip:user@${host}`, 'transports', 'Via: SIP/2.0/SCTP 192.0.2.1\nVia: SIP/2.0/TLS 192.0.2.1\nVia: SIP/2.0/UNKNOWN 192.0.2.1\n')],
  ['3.1.1.11 multipart with binary', Buffer.concat([Buffer.from(head('MESSAGE', `sip:1001@${host}`, 'mpart01', 'Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\n').replace('Content-Length: 0', 'Content-Length: 300')),
    Buffer.from('--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n'), Buffer.from(Array.from({ length: 230 }, (_, i) => (i * 37) & 0xff))])],
  ['3.1.1.12 unusual reason phrase', crlf('SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nCall-ID: unreason.1\nCSeq: 35 INVITE\nFrom: sip:user@example.com;tag=11141343\nTo: sip:user@example.edu;tag=2229\nContent-Length: 0\n\n')],
  ['3.1.1.13 empty reason phrase', crlf('SIP/2.0 100 \nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe\nCall-ID: noreason.1\nCSeq: 35 INVITE\nFrom: <sip:user@example.com>;tag=39ansfi3\nTo: <sip:user@example.edu>;tag=902jndnke3\nContent-Length: 0\n\n')],
  ['3.1.2.1 extraneous separators', head('INVITE', `sip:1001@${host}`, 'badinv01', 'Contact: "Joe" <sip:joe@example.org>;;;;\nContent-Type: application/sdp\n', offer).replace('Via: SIP/2.0/UDP 192.0.2.2', 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,')],
  ['3.1.2.2 Content-Length larger than message', head('INVITE', `sip:1001@${host}`, 'clerr', 'Content-Type: application/sdp\n', offer).replace(/Content-Length: \d+/, 'Content-Length: 9999')],
  ['3.1.2.3 negative Content-Length', head('INVITE', `sip:1001@${host}`, 'ncl', 'Content-Type: application/sdp\n', offer).replace(/Content-Length: \d+/, 'Content-Length: -999')],
  ['3.1.2.4 scalars out of range', head('REGISTER', `sip:${host}`, 'scalar02', 'Expires: 10000000000000000000\n').replace('CSeq: 1 ', 'CSeq: 36893488147419103232 ').replace('Max-Forwards: 70', 'Max-Forwards: 300')],
  ['3.1.2.5 response scalars out of range', crlf('SIP/2.0 503 Service Unavailable\nVia: SIP/2.0/TCP 192.0.2.3;branch=z9hG4bKzzxdiwo34sw;received=129.0.2.105\nTo: <sip:user@example.com>\nFrom: <sip:other@example.net>;tag=2easdjfejw\nCSeq: 9292394834772304023312 OPTIONS\nCall-ID: scalarlg.1\nRetry-After: 949302838503028349304023988\nWarning: 1812 overture "In Progress"\nContent-Length: 0\n\n')],
  ['3.1.2.6 unterminated quoted string', head('INVITE', `sip:1001@${host}`, 'quotbal').replace('To: <', 'To: "Mr. J. User <')],
  ['3.1.2.7 <> around the Request-URI', head('INVITE', `<sip:1001@${host}>`, 'ltgtruri')],
  ['3.1.2.8 blanks in the Request-URI', head('INVITE', `sip:1001@${host}; lr`, 'lwsruri')],
  ['3.1.2.9 several SP in the start line', head('INVITE', `sip:1001@${host}`, 'lwsstart').replace('INVITE sip', 'INVITE  sip').replace(' SIP/2.0\r\n', '  SIP/2.0\r\n')],
  ['3.1.2.10 SP at the end of the start line', head('OPTIONS', `sip:1001@${host}`, 'trws').replace(' SIP/2.0\r\n', ' SIP/2.0  \r\n')],
  ['3.1.2.11 escaped headers in the Request-URI', head('INVITE', `sip:1001@${host}?Route=%3Csip:example.com%3E`, 'escruri')],
  ['3.1.2.12 invalid time zone in Date', head('INVITE', `sip:1001@${host}`, 'baddate', 'Date: Fri, 01 Jan 2010 16:00:00 EST\n')],
  ['3.1.2.13 name-addr URI not in <>', head('REGISTER', `sip:${host}`, 'regbadct').replace('Contact: <sip:1001@192.0.2.2>', 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E')],
  ['3.1.2.14 blanks within addr-spec', head('OPTIONS', `sip:1001@${host}`, 'badaspec').replace(/To: <sip/, 'To: "Watson, Thomas" < sip')],
  ['3.1.2.15 non-token display name', head('OPTIONS', `sip:1001@${host}`, 'baddn').replace('From: <', 'From: Bell, Alexander <')],
  ['3.1.2.16 unknown protocol version', head('OPTIONS', `sip:1001@${host}`, 'badvers').replaceAll('SIP/2.0', 'SIP/7.0')],
  ['3.1.2.17 methods differ', head('OPTIONS', `sip:1001@${host}`, 'mismatch01').replace('CSeq: 1 OPTIONS', 'CSeq: 8 INVITE')],
  ['3.1.2.18 unknown method, CSeq differs', head('NEWMETHOD', `sip:1001@${host}`, 'mismatch02').replace('CSeq: 1 NEWMETHOD', 'CSeq: 8 INVITE')],
  ['3.1.2.19 overlarge response code', crlf('SIP/2.0 4294967301 better not break the receiver\nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe\nCall-ID: bigcode.1\nCSeq: 353494 INVITE\nFrom: <sip:user@example.com>;tag=39ansfi3\nTo: <sip:user@example.edu>;tag=902jndnke3\nContent-Length: 0\n\n')],
  ['3.2.1 missing transaction identifier', head('OPTIONS', `sip:1001@${host}`, 'badbranch').replace('z9hG4bK-badbranch', 'z9hG4bK')],
  ['3.3.1 missing required header fields', crlf(`INVITE sip:1001@${host} SIP/2.0\nCSeq: 193942 INVITE\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf\nContent-Type: application/sdp\nContent-Length: 5\n\nv=0\n`)],
  ['3.3.2 unknown scheme', head('OPTIONS', 'nobodyKnowsThisScheme:totallyopaquecontent', 'unkscm')],
  ['3.3.3 known but unusual scheme', head('OPTIONS', 'soap.beep://192.0.2.103:3002', 'novelsc')],
  ['3.3.4 unknown scheme in To', head('REGISTER', `sip:${host}`, 'unksm2').replace('To: <sip:', 'To: <isbn:')],
  ['3.3.5 Proxy-Require and Require', head('OPTIONS', `sip:1001@${host}`, 'bext01', 'Require: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxiesSupportThis\n')],
  ['3.3.6 unknown Content-Type', head('INVITE', `sip:1001@${host}`, 'invut', 'Content-Type: application/unknownformat\n', '<audio>\n <pcmu port="443"/>\n</audio>\n')],
  ['3.3.7 unknown authorization scheme', head('REGISTER', `sip:${host}`, 'regaut01', 'Authorization: NoOneKnowsThisScheme opaque-data=here\n')],
  ['3.3.8 several values of single fields', head('INVITE', `sip:1001@${host}`, 'multi01', 'CSeq: 59 INVITE\nCall-ID: multi01.second\nMax-Forwards: 5\nFrom: <sip:other@example.com>;tag=3413415\nTo: <sip:other@example.com>\nContent-Type: application/sdp\nContent-Type: text/plain\n', offer)],
  ['3.3.9 several Content-Length', head('OPTIONS', `sip:1001@${host}`, 'mcl01', 'Content-Length: 13\nContent-Length: 5\n', 'There is no way to know\n')],
  ['3.3.10 200 with broadcast Via', crlf('SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\nCall-ID: bcast.1\nCSeq: 35 INVITE\nFrom: <sip:user@example.com>;tag=11141343\nTo: <sip:user@example.edu>;tag=2229\nContent-Length: 0\n\n')],
  ['3.3.11 Max-Forwards of zero', head('OPTIONS', `sip:1001@${host}`, 'zeromf').replace('Max-Forwards: 70', 'Max-Forwards: 0')],
  ['3.3.12 Contact parameter of REGISTER', head('REGISTER', `sip:${host}`, 'cparam01').replace('<sip:1001@192.0.2.2>', 'sip:+19725552222@gw1.example.net;unknownparam')],
  ['3.3.13 URL parameter of REGISTER', head('REGISTER', `sip:${host}`, 'cparam02').replace('<sip:1001@192.0.2.2>', '<sip:+19725552222@gw1.example.net;unknownparam>')],
  ['3.3.14 escaped Route in a Contact', head('REGISTER', `sip:${host}`, 'regescrt').replace('<sip:1001@192.0.2.2>', '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>')],
  ['3.3.15 Accept that is unacceptable', head('INVITE', `sip:1001@${host}`, 'sdp01', 'Accept: text/nobodyKnowsThis\nContent-Type: application/sdp\n', offer)],
  ['3.4.1 RFC 2543 INVITE', crlf(`INVITE sip:1001@${host} SIP/2.0\nVia: SIP/2.0/UDP iftgw.example.com\nFrom: <sip:+13035551111@ift.client.example.net;user=phone>\nRecord-Route: <sip:UserB@example.com;maddr=ss1.example.com>\nTo: sip:+16505552222@ss1.example.net;user=phone\nCall-ID: inv2543.1717@ift.client.example.com\nCSeq: 56 INVITE\nContent-Type: application/sdp\n\n${offer}`)],
  // Not of the RFC, but of the same kind.
  ['only zeros', Buffer.alloc(1400)],
  ['a request of one line', 'INVITE sip:1001@a.test SIP/2.0\r\n\r\n'],
  ['X-Zj-Call that is no UUID', head('INVITE', `sip:1001@${host}`, 'xzj', 'X-Zj-Call: %s%n%s\nX-Zj-Tenant: \'; drop table tenant; --\n')],
  ['a huge number of header fields', head('OPTIONS', `sip:1001@${host}`, 'many', 'X-A: b\n'.repeat(5000))],
  ['a URI of 4000 digits', head('INVITE', `sip:${'9'.repeat(4000)}@${host}`, 'longnum')],
];
