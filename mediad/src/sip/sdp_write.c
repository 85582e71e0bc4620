#include "sip/sdp.h"
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
		put(o, "a=rtpmap:%u %s/8000\r\n", f ? f->pts[codecs[i]] : md_codecs[codecs[i]].pt,
		    md_codecs[codecs[i]].name);
	if (dtmf != MD_NO_PT)
		put(o, "a=rtpmap:%u telephone-event/8000\r\na=fmtp:%u 0-15\r\n", dtmf, dtmf);
	put(o, "a=ptime:%d\r\na=%s\r\n", MD_PTIME_MS, dir_name(l->dir));
}

size_t md_sdp_write(char *out, size_t size, const struct md_sdp_local *l)
{
	struct out o = {out, size, 0, false};
	char ip[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &l->address, ip, sizeof(ip));
	put(&o, "v=0\r\no=zongji %llu %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n", (unsigned long long)l->id,
	    l->version, ip, ip);
	unsigned lines = l->offer ? l->offer->n_lines : 1;
	for (unsigned i = 0; i < lines; i++) {
		if (!l->offer || i == l->offer->audio)
			put_audio(&o, l);
		else
			put(&o, "m=%s 0 %s %s\r\n", l->offer->line[i].type, l->offer->line[i].proto,
			    l->offer->line[i].format);
	}
	return o.full ? 0 : o.n;
}

enum md_dir md_sdp_answer_dir(const struct md_sdp *s, enum md_dir ours)
{
	enum md_dir mirror =
		(enum md_dir)((s->dir & MD_DIR_SEND ? MD_DIR_RECV : 0) | (s->dir & MD_DIR_RECV ? MD_DIR_SEND : 0));
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
