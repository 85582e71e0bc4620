/* Rooms: who hears whom. A listener with one audible talker of his own codec is passed that talker's packets as they
 * arrive; with several he gets the saturated sum of all talkers minus himself, on the tick. */
#include "media/thread.h"
#include <string.h>
#include <utlist.h>

static bool is_audible(const struct md_stream *talker, const struct md_stream *to)
{
	if (talker == to)
		return false;
	return talker->role == MD_TALK || (talker->role == MD_WHISPER && talker->whisper_to == to);
}

static void member_reset(struct md_stream *s)
{
	s->source = MD_NOTHING;
	s->n_relays = 0;
	s->decode = s->heard = false;
}

static bool can_relay(const struct md_stream *from, const struct md_stream *to)
{
	return from->n_relays < MD_RELAYS && from->rx_codec != MD_CODEC_NONE && from->rx_codec == to->media.codec;
}

static void need_decoded(struct md_stream *s)
{
	s->wanted = true;
	if (s->decode)
		return;
	if (!s->jitter && md_jitter_alloc(&s->jitter))
		return; /* without memory it stays silent */
	md_jitter_reset(s->jitter);
	s->decode = true;
}

static void plan_listener(struct md_mroom *r, struct md_stream *to, bool *mixing)
{
	struct md_stream *m, *only = NULL;
	unsigned n = 0;
	DL_FOREACH2(r->members, m, r_next)
	if (is_audible(m, to)) {
		only = m;
		if (++n > 1)
			break;
	}
	if (!n)
		return;
	if (n == 1 && can_relay(only, to)) {
		to->source = MD_RELAYED;
		only->relays[only->n_relays++] = to;
		return;
	}
	to->source = MD_MIXED;
	*mixing = true;
	DL_FOREACH2(r->members, m, r_next)
	if (is_audible(m, to))
		need_decoded(m);
}

/* Decides anew; after every change of members, roles and codecs. What goes on playing is not disturbed: a relay that
 * stays keeps its numbering, a jitter buffer that stays keeps its packets. */
void md_mroom_replan(struct md_mroom *r)
{
	struct md_stream *m;
	bool mixing = false;
	/* `decode` is judged at the end, so that need_decoded() does not reset a buffer in use. */
	unsigned talkers = 0;
	DL_FOREACH2(r->members, m, r_next)
	{
		m->source = MD_NOTHING;
		m->n_relays = 0;
		m->wanted = false;
		talkers += m->role == MD_TALK;
	}
	r->gated = r->gate || talkers > MD_GATE_TALKERS;
	DL_FOREACH2(r->members, m, r_next)
	plan_listener(r, m, &mixing);
	DL_FOREACH2(r->members, m, r_next)
	if (!m->wanted)
		m->decode = m->heard = false;
	if (mixing && !r->is_mixing)
		DL_APPEND2(r->th->mixing, r, m_prev, m_next);
	if (!mixing && r->is_mixing)
		DL_DELETE2(r->th->mixing, r, m_prev, m_next);
	r->is_mixing = mixing;
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
}

static void record(struct md_mroom *r, struct md_rec *rec, struct md_stream *left)
{
	struct md_stream *m;
	r->rec = rec;
	r->left = left;
	DL_FOREACH2(r->members, m, r_next)
	m->room_track.set = false;
}

static void close_room(struct md_mroom *r)
{
	while (r->members)
		md_mroom_remove(r, r->members);
	record_stop(r, MD_REC_STOPPED);
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

static void add(int32_t *sum, const int16_t *pcm)
{
	for (int i = 0; i < MD_FRAME; i++)
		sum[i] += pcm[i];
}

/* The sum without the listener himself, plus what is whispered to him. */
static void mix_for(struct md_mroom *r, const struct md_stream *to, const int32_t *sum, bool whispers, int16_t *out)
{
	struct md_stream *m;
	int32_t own[MD_FRAME];
	memcpy(own, sum, sizeof(own));
	if (to->role == MD_TALK && to->heard)
		for (int i = 0; i < MD_FRAME; i++)
			own[i] -= to->frame[i];
	if (whispers)
		DL_FOREACH2(r->members, m, r_next)
	if (m->role == MD_WHISPER && m->whisper_to == to && m->heard)
		add(own, m->frame);
	for (int i = 0; i < MD_FRAME; i++)
		out[i] = md_saturate(own[i]);
}

void md_mroom_tick(struct md_mroom *r, uint64_t tick)
{
	struct md_stream *m;
	int32_t sum[MD_FRAME] = {0};
	bool whispers = false;
	DL_FOREACH2(r->members, m, r_next)
	{
		if (!m->decode)
			continue;
		m->heard = false;
		if (r->gated && m->role == MD_TALK && !md_voice_is_on(m, r->th->now_us))
			continue;
		m->heard = m->rx_codec != MD_CODEC_NONE && md_jitter_get(m->jitter, &md_codecs[m->rx_codec], m->frame);
		if (m->heard && m->role == MD_TALK)
			add(sum, m->frame);
		whispers = whispers || m->role == MD_WHISPER;
	}
	/* Who says nothing himself hears the same as every other such listener: encoded once a codec. */
	uint8_t common[MD_CODECS][MD_RTP_HEADER + MD_FRAME];
	size_t encoded[MD_CODECS] = {0};
	int16_t pcm[MD_FRAME];
	DL_FOREACH2(r->members, m, r_next)
	{
		enum md_codec_id c = m->media.codec;
		if (m->source != MD_MIXED || m->play || m->dtmf_tx.n || c == MD_CODEC_NONE)
			continue;
		if (whispers || (m->role == MD_TALK && m->heard)) {
			mix_for(r, m, sum, whispers, pcm);
			md_stream_send_pcm(m, tick, pcm);
			continue;
		}
		if (!encoded[c]) {
			mix_for(r, m, sum, false, pcm);
			encoded[c] = md_codecs[c].encode(common[c] + MD_RTP_HEADER, pcm, MD_FRAME);
		}
		md_stream_send_audio(m, tick, common[c], encoded[c]);
	}
}
