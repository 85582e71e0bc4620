#include "sip/sdp.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sofia-sip/sdp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum md_codec_id static_codec(unsigned pt)
{
	for (int i = 0; i < MD_CODECS; i++)
		if (md_codecs[i].pt == pt)
			return (enum md_codec_id)i;
	return MD_CODEC_NONE;
}

static void take_format(struct md_sdp *s, const sdp_rtpmap_t *rm)
{
	if (rm->rm_encoding && !strcasecmp(rm->rm_encoding, "telephone-event") && rm->rm_rate == MD_RATE) {
		if (s->dtmf_pt == MD_NO_PT)
			s->dtmf_pt = (uint8_t)rm->rm_pt;
		return;
	}
	enum md_codec_id c = rm->rm_encoding ? md_codec_find(rm->rm_encoding) : static_codec(rm->rm_pt);
	if (c == MD_CODEC_NONE || s->pts[c] != MD_NO_PT || (rm->rm_rate && rm->rm_rate != MD_RATE))
		return;
	s->pts[c] = (uint8_t)rm->rm_pt;
	s->order[s->n_codecs++] = c;
}

static void take_address(struct md_sdp *s, const sdp_media_t *m)
{
	const sdp_connection_t *c = sdp_media_connections(m);
	s->rtp.sin_family = s->rtcp.sin_family = AF_INET;
	if (!c || c->c_addrtype != sdp_addr_ip4 || inet_pton(AF_INET, c->c_address, &s->rtp.sin_addr) != 1)
		return; /* a name or IPv6: its packets will tell us where it is */
	if (s->rtp.sin_addr.s_addr == INADDR_ANY) {
		s->muted = true;
		return;
	}
	s->rtp.sin_port = htons((uint16_t)m->m_port);
	s->rtcp = s->rtp;
	s->rtcp.sin_port = htons((uint16_t)(m->m_port + 1));
	const sdp_attribute_t *a = sdp_attribute_find(m->m_attributes, "rtcp");
	unsigned port;
	if (a && a->a_value && sscanf(a->a_value, "%u", &port) == 1 && port > 0 && port < 65536)
		s->rtcp.sin_port = htons((uint16_t)port);
}

static void take_audio(struct md_sdp *s, const sdp_media_t *m)
{
	for (const sdp_rtpmap_t *rm = m->m_rtpmaps; rm; rm = rm->rm_next)
		take_format(s, rm);
	take_address(s, m);
	s->dir = m->m_mode == sdp_inactive   ? MD_DIR_INACTIVE
		 : m->m_mode == sdp_sendonly ? MD_DIR_SEND
		 : m->m_mode == sdp_recvonly ? MD_DIR_RECV
					     : MD_DIR_BOTH;
}

static bool is_ours(const sdp_media_t *m)
{
	return m->m_type == sdp_media_audio && m->m_port && m->m_proto == sdp_proto_rtp;
}

static int take_session(struct md_sdp *s, const sdp_session_t *sdp)
{
	bool found = false;
	for (const sdp_media_t *m = sdp->sdp_media; m; m = m->m_next) {
		if (s->n_lines == MD_SDP_LINES)
			return EBADMSG;
		unsigned i = s->n_lines++;
		snprintf(s->line[i].type, sizeof(s->line[i].type), "%s", m->m_type_name ? m->m_type_name : "audio");
		snprintf(s->line[i].proto, sizeof(s->line[i].proto), "%s", m->m_proto_name ? m->m_proto_name : "RTP/AVP");
		if (m->m_rtpmaps)
			snprintf(s->line[i].format, sizeof(s->line[i].format), "%u", m->m_rtpmaps->rm_pt);
		else
			snprintf(s->line[i].format, sizeof(s->line[i].format), "%s", m->m_format ? m->m_format->l_text : "0");
		if (found || !is_ours(m))
			continue;
		found = true;
		s->audio = i;
		take_audio(s, m);
	}
	return found && s->n_codecs ? 0 : ENOTSUP;
}

int md_sdp_parse(struct md_sdp *s, const char *text, size_t len)
{
	*s = (struct md_sdp){.dtmf_pt = MD_NO_PT};
	memset(s->pts, MD_NO_PT, sizeof(s->pts));
	su_home_t home[1] = {SU_HOME_INIT(home)};
	sdp_parser_t *p = sdp_parse(home, text, (issize_t)len, 0);
	const sdp_session_t *sdp = sdp_session(p);
	int err = sdp ? take_session(s, sdp) : EBADMSG;
	sdp_parser_free(p);
	su_home_deinit(home);
	return err;
}

struct out {
	char *p;
	size_t size, n;
	bool full;
};

static void put(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int k = vsnprintf(o->p + o->n, o->size - o->n, fmt, ap);
	va_end(ap);
	if (k < 0 || (size_t)k >= o->size - o->n)
		o->full = true;
	else
		o->n += (size_t)k;
}

static const char *dir_name(enum md_dir d)
{
	static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
	return names[d & 3];
}

static void put_audio(struct out *o, const struct md_sdp_local *l)
{
	const struct md_sdp *f = l->offer;
	enum md_codec_id codecs[MD_CODECS];
	unsigned n = 0;
	if (f)
		codecs[n++] = f->order[0];
	else
		for (int c = 0; c < MD_CODECS; c++)
			codecs[n++] = (enum md_codec_id)c;
	uint8_t dtmf = f ? f->dtmf_pt : MD_DTMF_PT;
	put(o, "m=audio %u %s", l->port, f ? f->line[f->audio].proto : "RTP/AVP");
	for (unsigned i = 0; i < n; i++)
		put(o, " %u", f ? f->pts[codecs[i]] : md_codecs[codecs[i]].pt);
	if (dtmf != MD_NO_PT)
		put(o, " %u", dtmf);
	put(o, "\r\n");
	for (unsigned i = 0; i < n; i++)
		put(o, "a=rtpmap:%u %s/8000\r\n", f ? f->pts[codecs[i]] : md_codecs[codecs[i]].pt, md_codecs[codecs[i]].name);
	if (dtmf != MD_NO_PT)
		put(o, "a=rtpmap:%u telephone-event/8000\r\na=fmtp:%u 0-15\r\n", dtmf, dtmf);
	put(o, "a=ptime:%d\r\na=%s\r\n", MD_PTIME_MS, dir_name(l->dir));
}

size_t md_sdp_write(char *out, size_t size, const struct md_sdp_local *l)
{
	struct out o = {out, size, 0, false};
	char ip[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &l->address, ip, sizeof(ip));
	put(&o, "v=0\r\no=zongji %llu %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n", (unsigned long long)l->id, l->version, ip, ip);
	unsigned lines = l->offer ? l->offer->n_lines : 1;
	for (unsigned i = 0; i < lines; i++) {
		if (!l->offer || i == l->offer->audio)
			put_audio(&o, l);
		else
			put(&o, "m=%s 0 %s %s\r\n", l->offer->line[i].type, l->offer->line[i].proto, l->offer->line[i].format);
	}
	return o.full ? 0 : o.n;
}

enum md_dir md_sdp_answer_dir(const struct md_sdp *s, enum md_dir ours)
{
	enum md_dir mirror = (enum md_dir)((s->dir & MD_DIR_SEND ? MD_DIR_RECV : 0) | (s->dir & MD_DIR_RECV ? MD_DIR_SEND : 0));
	return (enum md_dir)(mirror & ours);
}

void md_sdp_media(const struct md_sdp *s, enum md_dir ours, struct md_media *m)
{
	*m = (struct md_media){
		.rtp = s->rtp,
		.rtcp = s->rtcp,
		.codec = s->n_codecs ? s->order[0] : MD_CODEC_NONE,
		.dtmf_pt = s->dtmf_pt,
		.send = (ours & MD_DIR_SEND) && (s->dir & MD_DIR_RECV) && !s->muted,
		.recv = (ours & MD_DIR_RECV) && (s->dir & MD_DIR_SEND),
	};
	memcpy(m->pts, s->pts, sizeof(m->pts));
}
