#include "fax/udptl.h"
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

/* What we call telephone events of each clock. */
static const uint8_t our_dtmf[MD_EVENT_CLOCKS] = {101, 109, 110};

static const char *dir_name(enum md_dir d)
{
	static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
	return names[d & 3];
}

/* What the m= line lists, and the a= lines under it. */
struct list {
	enum md_codec_id codec[MD_CODECS];
	uint8_t pt[MD_CODECS];
	unsigned n;
	uint8_t dtmf[MD_EVENT_CLOCKS];
	uint8_t noise;
};

static int clock_index(unsigned clock)
{
	for (int i = 0; i < MD_EVENT_CLOCKS; i++)
		if (md_event_clocks[i] == clock)
			return i;
	return 0;
}

static void list_offer(struct list *l, const struct md_sdp_local *ours)
{
	for (unsigned i = 0; i < ours->n_codecs && l->n < MD_CODECS; i++) {
		const struct md_codec *c = &md_codecs[ours->codecs[i]];
		int clock = clock_index(c->clock);
		l->codec[l->n] = ours->codecs[i];
		l->pt[l->n++] = c->pt;
		l->dtmf[clock] = our_dtmf[clock];
	}
}

/* One codec: so it is known what will come. Its events, and those of 8000 that everybody has. */
static void list_answer(struct list *l, const struct md_sdp *f)
{
	int clock = clock_index(md_codecs[f->order[0]].clock);
	l->codec[0] = f->order[0];
	l->pt[0] = f->pts[f->order[0]];
	l->n = 1;
	l->dtmf[clock] = f->dtmf[clock];
	if (l->dtmf[clock] == MD_NO_PT)
		l->dtmf[0] = f->dtmf[0];
	if (md_codecs[f->order[0]].clock == 8000)
		l->noise = f->noise_pt;
}

static void put_audio(struct out *o, const struct md_sdp_local *ours)
{
	const struct md_sdp *f = ours->offer;
	struct list l = {.noise = MD_NO_PT};
	memset(l.dtmf, MD_NO_PT, sizeof(l.dtmf));
	if (f)
		list_answer(&l, f);
	else
		list_offer(&l, ours);
	put(o, "m=audio %u %s", ours->port, f ? f->line[f->audio].proto : "RTP/AVP");
	for (unsigned i = 0; i < l.n; i++)
		put(o, " %u", l.pt[i]);
	if (l.noise != MD_NO_PT)
		put(o, " %u", l.noise);
	for (int i = 0; i < MD_EVENT_CLOCKS; i++)
		if (l.dtmf[i] != MD_NO_PT)
			put(o, " %u", l.dtmf[i]);
	put(o, "\r\n");
	for (unsigned i = 0; i < l.n; i++) {
		const struct md_codec *c = &md_codecs[l.codec[i]];
		put(o, "a=rtpmap:%u %s/%u%s\r\n", l.pt[i], c->name, c->clock, c->channels);
		if (c->fmtp)
			put(o, "a=fmtp:%u %s\r\n", l.pt[i], c->fmtp);
	}
	if (l.noise != MD_NO_PT)
		put(o, "a=rtpmap:%u CN/8000\r\n", l.noise);
	for (int i = 0; i < MD_EVENT_CLOCKS; i++)
		if (l.dtmf[i] != MD_NO_PT)
			put(o, "a=rtpmap:%u telephone-event/%u\r\na=fmtp:%u 0-15\r\n", l.dtmf[i], md_event_clocks[i],
			    l.dtmf[i]);
	if (f && f->rtcp_mux)
		put(o, "a=rtcp-mux\r\n");
	put(o, "a=ptime:%d\r\na=%s\r\n", MD_PTIME_MS, dir_name(ours->dir));
}

/* Another machine's, as it said it; or ours: version 0, redundancy, the training check of the two fax machines (T.38
 * annex D). */
static void put_image(struct out *o, const struct md_sdp_local *ours)
{
	if (ours->image_lines) {
		put(o, "m=image %u udptl t38\r\n%s", ours->port, ours->image_lines);
		return;
	}
	put(o,
	    "m=image %u udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"
	    "a=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxBuffer:2000\r\na=T38FaxMaxDatagram:%d\r\n"
	    "a=T38FaxUdpEC:t38UDPRedundancy\r\n",
	    ours->port, MD_UDPTL_MAX);
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
		if ((!l->offer || i == l->offer->audio) && l->image)
			put_image(&o, l);
		else if (!l->offer || i == l->offer->audio)
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

void md_sdp_prefer(struct md_sdp *s, const enum md_codec_id *codecs, unsigned n)
{
	enum md_codec_id order[MD_CODECS];
	bool taken[MD_CODECS] = {false};
	unsigned k = 0;
	for (unsigned i = 0; i < n; i++)
		if (s->pts[codecs[i]] != MD_NO_PT && !taken[codecs[i]]) {
			order[k++] = codecs[i];
			taken[codecs[i]] = true;
		}
	for (unsigned i = 0; i < s->n_codecs; i++)
		if (!taken[s->order[i]])
			order[k++] = s->order[i];
	memcpy(s->order, order, k * sizeof(*order));
}

/* The event clock that goes with the codec, or 8000 as a last resort. */
static void take_events(const struct md_sdp *s, struct md_media *m)
{
	int clock = m->codec == MD_CODEC_NONE ? 0 : clock_index(md_codecs[m->codec].clock);
	if (s->dtmf[clock] == MD_NO_PT)
		clock = 0;
	m->dtmf_tx = s->dtmf[clock];
	m->dtmf_clock = md_event_clocks[clock];
}

void md_sdp_media(const struct md_sdp *s, enum md_dir ours, bool offered, struct md_media *m)
{
	md_media_clear(m);
	m->rtp = s->rtp;
	m->rtcp = s->rtcp;
	m->codec = s->n_codecs ? s->order[0] : MD_CODEC_NONE;
	m->noise_pt = s->noise_pt;
	m->rtcp_mux = s->rtcp_mux;
	m->udptl = s->image;
	m->send = (ours & MD_DIR_SEND) && (s->dir & MD_DIR_RECV) && !s->muted;
	m->recv = (ours & MD_DIR_RECV) && (s->dir & MD_DIR_SEND);
	memcpy(m->tx_pts, s->pts, sizeof(m->tx_pts));
	memcpy(m->rx_pts, s->pts, sizeof(m->rx_pts));
	memcpy(m->dtmf_rx, s->dtmf, sizeof(m->dtmf_rx));
	for (int i = 0; offered && i < MD_CODECS; i++)
		if (s->pts[i] != MD_NO_PT)
			m->rx_pts[i] = md_codecs[i].pt;
	for (int i = 0; offered && i < MD_EVENT_CLOCKS; i++)
		if (s->dtmf[i] != MD_NO_PT)
			m->dtmf_rx[i] = our_dtmf[i];
	take_events(s, m);
}
