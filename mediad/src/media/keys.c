/* Keys that a stream's far end presses: told to control, and passed on to who hears the stream, in the way that each of
 * them understands. */
#include "media/thread.h"
#include <utlist.h>

static bool is_relayed_to(const struct md_stream *s, const struct md_stream *to)
{
	for (unsigned i = 0; i < s->n_relays; i++)
		if (s->relays[i] == to)
			return true;
	return false;
}

/* Who hears it? Keys as events went along with the relayed audio; keys as tones are in the audio, wherever that carries
 * them. */
static bool wants(const struct md_stream *s, const struct md_stream *to, enum md_key_way way)
{
	if (!md_mroom_is_audible(s, to) || to->play || to->media.codec == MD_CODEC_NONE)
		return false;
	if (way == MD_KEY_TONE)
		return !md_codecs[to->media.codec].lossless && to->media.dtmf_tx != MD_NO_PT;
	return !(way == MD_KEY_EVENT && is_relayed_to(s, to) && to->media.dtmf_tx != MD_NO_PT);
}

static void pass_on(struct md_stream *s, const struct md_dtmf_heard *h, enum md_key_way way)
{
	struct md_stream *to;
	DL_FOREACH2(s->room->members, to, r_next)
	{
		if (!wants(s, to, way))
			continue;
		if (h->digit)
			md_dtmf_tx_release(&to->dtmf_tx, h->ms);
		if (h->began) {
			to->dtmf_tone = to->media.dtmf_tx == MD_NO_PT;
			(void)md_dtmf_tx_press(&to->dtmf_tx, h->began); /* one too many is one lost */
		}
		md_stream_activity(to);
	}
}

void md_stream_key_heard(struct md_stream *s, const struct md_dtmf_heard *h, enum md_key_way way)
{
	struct md_note n = {.owner = s->owner, .stream = s};
	if (s->room && (h->digit || h->began))
		pass_on(s, h, way);
	if (h->digit) {
		n.type = MD_NOTE_DIGIT;
		n.digit = h->digit;
		n.ms = h->ms;
		md_note_send(s->eng, &n);
	}
	if (h->began) {
		if (s->play && s->play->barge)
			md_stream_end_play(s, MD_PLAY_BARGED);
		n.type = MD_NOTE_DIGIT_ON;
		n.digit = h->began;
		md_note_send(s->eng, &n);
	}
}

/* Are there tones to be listened for? By default only where the far end has agreed to no events. */
bool md_stream_listens(const struct md_stream *s)
{
	enum md_inband_when when = s->th->inband;
	if (when != MD_INBAND_AUTO)
		return when == MD_INBAND_ALWAYS;
	return s->media.dtmf_tx == MD_NO_PT && s->media.codec != MD_CODEC_NONE;
}

void md_stream_listen(struct md_stream *s, const int16_t *pcm, size_t n)
{
	struct md_dtmf_heard h;
	if (!s->inband && md_inband_alloc(&s->inband))
		return;
	for (; md_inband_hear(s->inband, pcm, n, &h); n = 0) {
		/* Who sends events may leave the beginning of the tone in the audio. */
		if (s->th->now_us - s->event_us < MD_EVENT_HUSH_US && s->event_us)
			continue;
		md_stream_key_heard(s, &h, MD_KEY_TONE);
	}
	md_stream_activity(s);
}
