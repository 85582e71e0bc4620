/* Rooms: who hears whom. A listener with one audible talker of his own codec is passed that talker's packets as they
 * arrive; with several he gets the saturated sum of all talkers minus himself, on the tick. */
#include "media/thread.h"
#include <string.h>
#include <utlist.h>

#define SEAM_US 60000

bool md_mroom_is_audible(const struct md_stream *talker, const struct md_stream *to)
{
	if (talker == to)
		return false;
	return talker->role == MD_TALK || (talker->role == MD_WHISPER && talker->whisper_to == to);
}

static void member_reset(struct md_stream *s)
{
	s->source = MD_NOTHING;
	s->n_relays = 0;
	s->decode = s->heard = s->voiced = false;
	s->room_rec = NULL;
}

/* What each packet of a member would have to ask its room for. */
static void tell_members(struct md_mroom *r)
{
	struct md_stream *m;
	DL_FOREACH2(r->members, m, r_next)
	{
		m->voiced = m->role == MD_TALK && (r->watch || r->gated);
		m->room_rec = m->role == MD_TALK ? r->rec : NULL;
		m->room_channel = r->rec && r->rec->channels == 2 && m != r->left;
	}
}

static bool can_relay(const struct md_stream *from, const struct md_stream *to)
{
	return from->n_relays < MD_RELAYS && from->rx_codec != MD_CODEC_NONE && from->rx_codec == to->media.codec;
}

/* Its jitter buffer is for the codec that it sends; made when it is first needed, or when that has changed. */
static void need_decoded(struct md_stream *s)
{
	s->wanted = true;
	if (s->rx_codec == MD_CODEC_NONE)
		return; /* the first packet, or the agreement, makes a new plan */
	if (md_jitter_codec(s->jitter) != s->rx_codec) {
		md_jitter_free(s->jitter);
		md_resample_free(s->cross);
		s->jitter = NULL;
		s->cross = NULL;
		s->decode = false;
		if (md_jitter_alloc(&s->jitter, s->rx_codec))
			return; /* without memory it stays silent */
	}
	if (!s->decode) {
		md_jitter_reset(s->jitter);
		if (s->was_relayed)
			md_jitter_hurry(s->jitter);
	}
	s->decode = true;
}

/* What a plan has to know of all members: who talks, and who whispers to whom. */
struct talkers {
	unsigned n;
	struct md_stream *first, *second;
};

static void ask_members(struct md_mroom *r, struct talkers *t)
{
	struct md_stream *m;
	*t = (struct talkers){0};
	/* `decode` is judged at the end, so that need_decoded() does not reset a buffer in use. */
	DL_FOREACH2(r->members, m, r_next)
	{
		m->was_relayed = m->n_relays > 0;
		m->source = MD_NOTHING;
		m->n_relays = 0;
		m->wanted = false;
		m->whisperers = 0;
		if (m->role != MD_TALK)
			continue;
		if (t->n++)
			t->second = t->second ? t->second : m;
		else
			t->first = m;
	}
	DL_FOREACH2(r->members, m, r_next)
	if (m->role == MD_WHISPER && m->whisper_to && m->whisper_to != m) {
		m->whisper_to->whisperers++;
		m->whisper_to->whisperer = m;
	}
}

/* True: he needs a mix. */
static bool plan_listener(struct md_mroom *r, const struct talkers *t, struct md_stream *to)
{
	unsigned others = t->n - (to->role == MD_TALK);
	if (others + to->whisperers == 0)
		return false;
	if (others + to->whisperers == 1) {
		struct md_stream *only = to->whisperers ? to->whisperer : t->first == to ? t->second : t->first;
		if (can_relay(only, to)) {
			to->source = MD_RELAYED;
			only->relays[only->n_relays++] = to;
			return false;
		}
	}
	to->source = MD_MIXED;
	if (to->media.codec != MD_CODEC_NONE)
		r->needs[md_codecs[to->media.codec].width] = true;
	return true;
}

/* Who is heard by somebody who gets a mix. */
static void plan_decoding(struct md_mroom *r, unsigned mixed, const struct md_stream *last)
{
	struct md_stream *m;
	DL_FOREACH2(r->members, m, r_next)
	{
		bool by_all = m->role == MD_TALK && (mixed > 1 || (mixed == 1 && last != m));
		bool by_one = m->role == MD_WHISPER && m->whisper_to && m->whisper_to != m &&
			      m->whisper_to->source == MD_MIXED;
		if (by_all || by_one)
			need_decoded(m);
		if (!m->wanted)
			m->decode = m->heard = false;
	}
}

/* Decides anew; after every change of members, roles and codecs, in a time that grows with the members only, not with
 * the pairs of them. What goes on playing is not disturbed: a relay that stays keeps its numbering, a jitter buffer
 * that stays keeps its packets. */
void md_mroom_replan(struct md_mroom *r)
{
	struct md_stream *m, *last = NULL;
	struct talkers t;
	unsigned mixed = 0;
	ask_members(r, &t);
	r->gated = r->gate || t.n > MD_GATE_TALKERS;
	r->needs[MD_NARROW] = r->needs[MD_WIDE] = false;
	DL_FOREACH2(r->members, m, r_next)
	if (plan_listener(r, &t, m)) {
		mixed++;
		last = m;
	}
	plan_decoding(r, mixed, last);
	if (mixed && !r->is_mixing)
		DL_APPEND2(r->th->mixing, r, m_prev, m_next);
	if (!mixed && r->is_mixing)
		DL_DELETE2(r->th->mixing, r, m_prev, m_next);
	r->is_mixing = mixed > 0;
	tell_members(r);
}

void md_mroom_remove(struct md_mroom *r, struct md_stream *s)
{
	struct md_stream *m;
	if (s->room != r)
		return;
	md_voice_end(s);
	DL_DELETE2(r->members, s, r_prev, r_next);
	s->room = NULL;
	s->marker = true;
	member_reset(s);
	if (r->left == s)
		r->left = NULL;
	DL_FOREACH2(r->members, m, r_next)
	if (m->whisper_to == s)
		m->whisper_to = NULL;
	md_mroom_replan(r);
}

static void join(struct md_mroom *r, const struct md_msg *m)
{
	struct md_stream *s = m->stream;
	if (s->room && s->room != r)
		md_mroom_remove(s->room, s);
	if (!s->room) {
		DL_APPEND2(r->members, s, r_prev, r_next);
		s->room = r;
		s->room_track.set = false;
		s->marker = true;
	}
	if (m->role != MD_TALK)
		md_voice_end(s);
	s->role = m->role;
	s->whisper_to = m->role == MD_WHISPER && m->other && m->other->room == r ? m->other : NULL;
	md_mroom_replan(r);
}

static void record_stop(struct md_mroom *r, enum md_rec_end end)
{
	if (!r->rec)
		return;
	md_rec_stop(r->rec, end, r->th->now_us);
	md_writer_close_rec(md_engine_writer(r->eng), r->rec);
	r->rec = NULL;
	r->left = NULL;
	tell_members(r);
}

static void record(struct md_mroom *r, struct md_rec *rec, struct md_stream *left)
{
	struct md_stream *m;
	r->rec = rec;
	r->left = left;
	DL_FOREACH2(r->members, m, r_next)
	m->room_track.set = false;
	tell_members(r);
}

static void close_room(struct md_mroom *r)
{
	while (r->members)
		md_mroom_remove(r, r->members);
	record_stop(r, MD_REC_STOPPED);
	for (int c = 0; c < MD_CODECS; c++)
		md_enc_free(r->enc[c]);
	md_note_send(r->eng, &(struct md_note){.type = MD_NOTE_CLOSED, .owner = r->owner, .room = r});
}

void md_mroom_message(struct md_mroom *r, struct md_msg *m)
{
	switch (m->type) {
	case MD_MSG_ROOM_CLOSE:
		close_room(r);
		break;
	case MD_MSG_JOIN:
		join(r, m);
		break;
	case MD_MSG_LEAVE:
		md_mroom_remove(r, m->stream);
		break;
	case MD_MSG_ROOM_REC:
		record(r, m->rec, m->other);
		break;
	case MD_MSG_ROOM_REC_STOP:
		if (r->rec == m->rec)
			record_stop(r, MD_REC_STOPPED);
		break;
	default:
		break;
	}
}

static void add(int32_t *sum, const int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += pcm[i];
}

/* The next frame of who is heard, in every width that somebody needs. */
static bool take_frame(struct md_mroom *r, struct md_stream *m, uint64_t tick)
{
	enum md_width w = md_codecs[md_jitter_codec(m->jitter)].width;
	if (r->gated && m->role == MD_TALK && !md_voice_is_on(m, r->th->now_us))
		return false;
	if (!md_jitter_get(m->jitter, (int64_t)tick * MD_TICK_US, m->frame[w]))
		return false;
	if (!r->needs[!w])
		return true;
	if (!m->cross && md_resample_alloc(&m->cross, w))
		memset(m->frame[!w], 0, sizeof(m->frame[!w]));
	else
		md_resample(m->cross, m->frame[w], md_frame_of(w), m->frame[!w]);
	return true;
}

/* The sum without the listener himself, plus what is whispered to him. */
static void mix_for(struct md_mroom *r, const struct md_stream *to, const int32_t *sum, bool whispers, int16_t *out)
{
	struct md_stream *m;
	int32_t own[MD_FRAME_WIDE];
	enum md_width w = md_codecs[to->media.codec].width;
	size_t n = md_frame_of(w);
	memcpy(own, sum, n * sizeof(*own));
	if (to->role == MD_TALK && to->heard)
		for (size_t i = 0; i < n; i++)
			own[i] -= to->frame[w][i];
	if (whispers)
		DL_FOREACH2(r->members, m, r_next)
	if (m->role == MD_WHISPER && m->whisper_to == to && m->heard)
		add(own, m->frame[w], n);
	for (size_t i = 0; i < n; i++)
		out[i] = md_saturate(own[i]);
}

/* Who says nothing himself hears the same as every other such listener, and can have it from the room's encoder. One
 * that carries a state must not be changed often: who may speak keeps his own, but for rooms where most are silent. */
static bool hears_common(const struct md_mroom *r, const struct md_stream *m, bool whispers)
{
	if (whispers || (m->role == MD_TALK && m->heard))
		return false;
	return md_codecs[m->media.codec].stateless || r->gated || m->role == MD_LISTEN;
}

struct common {
	bool done;
	size_t len;
	uint8_t packet[MD_RTP_HEADER + MD_PAYLOAD_MAX];
};

static bool encode_common(struct md_mroom *r, struct common *k, const struct md_stream *m, const int32_t *sum)
{
	int16_t pcm[MD_FRAME_WIDE];
	enum md_codec_id c = m->media.codec;
	if (k->done)
		return k->len > 0;
	k->done = true;
	k->len = 0;
	if (!r->enc[c] && md_enc_alloc(&r->enc[c], c))
		return false;
	mix_for(r, m, sum, false, pcm);
	k->len = md_enc_frame(r->enc[c], k->packet + MD_RTP_HEADER, pcm);
	return k->len > 0;
}

static void send_mix(struct md_mroom *r, struct md_stream *m, const int32_t *sum, bool whispers, struct common *k,
		     uint64_t tick)
{
	int16_t pcm[MD_FRAME_WIDE];
	enum md_codec_id c = m->media.codec;
	if (hears_common(r, m, whispers) && encode_common(r, k, m, sum)) {
		m->own_enc = false;
		md_stream_send_audio(m, tick, k->packet, k->len);
		return;
	}
	/* From the room's to one's own encoder without a seam. */
	if (!m->own_enc && r->enc[c] && !md_codecs[c].stateless && md_stream_enc(m))
		md_enc_copy(m->enc, r->enc[c]);
	mix_for(r, m, sum, whispers, pcm);
	md_stream_send_pcm(m, tick, pcm);
}

/* Who was passed packets until now waits for the first frame of those he hears, some ticks at most, instead of hearing
 * silence; his timestamps go on without a gap. */
static bool waits(const struct md_mroom *r, struct md_stream *to, uint64_t tick)
{
	const struct md_stream *m;
	if (!to->relay.from)
		return false;
	if (r->th->now_us - to->sent_us < SEAM_US) {
		DL_FOREACH2(r->members, m, r_next)
		if (m->heard && md_mroom_is_audible(m, to)) {
			to->ts_base = to->relay.last + md_codec_ts(to->media.codec) * (1 - (uint32_t)tick);
			to->relay.from = NULL;
			return false;
		}
		return true;
	}
	to->relay.from = NULL;
	return false;
}

void md_mroom_tick(struct md_mroom *r, uint64_t tick)
{
	struct md_stream *m;
	int32_t sum[MD_WIDTHS][MD_FRAME_WIDE] = {{0}};
	struct common common[MD_CODECS];
	bool whispers = false;
	DL_FOREACH2(r->members, m, r_next)
	{
		if (!m->decode)
			continue;
		m->heard = take_frame(r, m, tick);
		for (int w = 0; w < MD_WIDTHS && m->heard && m->role == MD_TALK; w++)
			if (r->needs[w])
				add(sum[w], m->frame[w], md_frame_of((enum md_width)w));
		whispers = whispers || m->role == MD_WHISPER;
	}
	for (int c = 0; c < MD_CODECS; c++)
		common[c].done = false;
	DL_FOREACH2(r->members, m, r_next)
	{
		enum md_codec_id c = m->media.codec;
		if (m->source == MD_MIXED && !m->play && !m->dtmf_tx.n && c != MD_CODEC_NONE && !waits(r, m, tick))
			send_mix(r, m, sum[md_codecs[c].width], whispers, &common[c], tick);
	}
}
