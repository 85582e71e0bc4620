/* Keys as tones: every one is heard through every codec that carries them, at all levels; speech is none. */
#include "media/inband.h"
#include "prompt/wav.h"
#include "testing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char keys[] = "0123456789*#ABCD";

/* What was heard: keys in `on`, their lengths in `ms`. */
struct heard {
	char on[64];
	unsigned ms[64], n, n_off;
};

static void hear(struct md_inband *i, const int16_t *pcm, size_t n, struct heard *h)
{
	struct md_dtmf_heard k;
	for (; md_inband_hear(i, pcm, n, &k); n = 0) {
		if (k.began && h->n < 63)
			h->on[h->n++] = k.began;
		if (k.digit && h->n_off < 63)
			h->ms[h->n_off++] = k.ms;
	}
	h->on[h->n] = 0;
}

struct how {
	double db;
	unsigned on_ms, off_ms; /* multiples of 20 */
	double noise;           /* amplitude */
};

/* All keys, made, through a codec, heard. */
static void type_all(enum md_codec_id c, const struct how *how, struct heard *h)
{
	struct md_inband *i;
	struct md_enc *enc;
	struct md_dec *dec;
	struct md_resample *up;
	int16_t pcm[MD_FRAME], wide[MD_FRAME_WIDE], got[MD_PCM_MAX];
	uint8_t payload[MD_PAYLOAD_MAX];
	double gain = pow(10, how->db / 20);
	*h = (struct heard){0};
	assert_int_equal(md_inband_alloc(&i), 0);
	assert_int_equal(md_enc_alloc(&enc, c), 0);
	assert_int_equal(md_dec_alloc(&dec, c, MD_NARROW), 0);
	assert_int_equal(md_resample_alloc(&up, MD_NARROW), 0);
	for (const char *k = keys; *k; k++)
		for (unsigned t = 0; t < how->on_ms + how->off_ms; t += 20) {
			md_inband_make(t < how->on_ms ? *k : 0, t * 8, pcm);
			for (int s = 0; s < MD_FRAME; s++)
				pcm[s] = md_saturate(
					(int32_t)(pcm[s] * gain + how->noise * (rand() / (RAND_MAX / 2.0) - 1)));
			if (md_codecs[c].width == MD_WIDE)
				md_resample(up, pcm, MD_FRAME, wide);
			size_t len = md_enc_frame(enc, payload, md_codecs[c].width == MD_WIDE ? wide : pcm);
			hear(i, got, md_dec_packet(dec, got, payload, len), h);
		}
	md_inband_free(i);
	md_enc_free(enc);
	md_dec_free(dec);
	md_resample_free(up);
}

static void every_key_through_every_codec(void **state ZJ_UNUSED)
{
	static const struct how rows[] = {
		{0, 100, 100, 0}, {-20, 100, 100, 0}, {0, 60, 60, 0}, {-6, 200, 60, 0}, {-10, 100, 100, 200},
	};
	srand(2);
	for (int c = 0; c < MD_CODECS; c++)
		for (size_t r = 0; md_codecs[c].lossless && r < ZJ_ARRAY_SIZE(rows); r++) {
			struct heard h;
			type_all((enum md_codec_id)c, &rows[r], &h);
			if (strcmp(h.on, keys) != 0)
				fail_msg("%s, row %zu: heard %s", md_codec_title((enum md_codec_id)c), r, h.on);
			for (unsigned k = 0; k < h.n_off; k++)
				if (abs((int)h.ms[k] - (int)rows[r].on_ms) > 30)
					fail_msg("%s, row %zu: %c lasted %u ms", md_codec_title((enum md_codec_id)c), r,
						 h.on[k], h.ms[k]);
		}
}

static void what_is_too_short_or_no_pair_is_none(void **state ZJ_UNUSED)
{
	struct heard h;
	type_all(MD_CODEC_PCMA, &(struct how){0, 20, 100, 0}, &h);
	assert_string_equal(h.on, "");
	struct md_inband *i;
	int16_t pcm[MD_FRAME];
	assert_int_equal(md_inband_alloc(&i), 0);
	h = (struct heard){0};
	for (unsigned t = 0; t < 400; t++) { /* dial tone, busy tone, one tone of a pair */
		static const double hz[][2] = {{350, 440}, {425, 425}, {697, 697}, {1209, 1209}};
		const double *f = hz[t / 100];
		for (unsigned s = 0; s < MD_FRAME; s++)
			pcm[s] = (int16_t)(6000 * sin(2 * M_PI * f[0] * (t * 160 + s) / 8000.0) +
					   6000 * sin(2 * M_PI * f[1] * (t * 160 + s) / 8000.0));
		hear(i, pcm, MD_FRAME, &h);
	}
	assert_string_equal(h.on, "");
	md_inband_free(i);
}

/* Talk-off: minutes of speech, in two languages and several voices, through A-law. */
static void speech_presses_no_keys(void **state ZJ_UNUSED)
{
	static const char *const voices[] = {"en",  "en+f2 -p 70", "en+m3 -p 30",  "en-us+f4 -s 220",
					     "cmn", "cmn+f3",      "cmn+m7 -s 230"};
	static const char *const texts[2] = {
		"The operator has seen six thousand three hundred and forty five letters, none of which was signed. "
		"Please "
		"hold the line while we connect you; your call is important to us. Three free trees, she sells sea "
		"shells, "
		"eighty eight cheap sheep. Wow, you really owe me an oar. Are you there? Yes, I am here, go ahead "
		"please. "
		"Who knew that blue shoes and new flutes would prove so useful to Louise?",
		"您好，欢迎致电客户服务中心，请问有什么可以帮您？我的电话号码是一三八零零一三八零零零，请您稍等，马上为"
		"您转接。"
		"今天天气非常好，我们一起去公园散步吧。四十四只石狮子，十四是十四，四十是四十。对不起，您拨打的用户正在"
		"通话中。",
	};
	char file[] = "/tmp/zj-talkoff-XXXXXX", command[2048], why[200];
	int fd = mkstemp(file);
	struct heard h = {0};
	double seconds = 0;
	assert_true(fd >= 0);
	for (size_t v = 0; v < ZJ_ARRAY_SIZE(voices); v++) {
		struct md_clip *clip = NULL;
		snprintf(command, sizeof(command), "espeak-ng -v %s -w %s \"%s\" 2>/dev/null", voices[v], file,
			 texts[voices[v][0] == 'c']);
		assert_int_equal(system(command), 0);
		assert_int_equal(md_wav_load(&clip, file, 600 * MD_RATE, why, sizeof(why)), 0);
		struct md_inband *i;
		struct md_enc *enc;
		struct md_dec *dec;
		assert_int_equal(md_inband_alloc(&i), 0);
		assert_int_equal(md_enc_alloc(&enc, MD_CODEC_PCMA), 0);
		assert_int_equal(md_dec_alloc(&dec, MD_CODEC_PCMA, MD_NARROW), 0);
		for (int db = 0; db >= -12; db -= 6) {
			int16_t pcm[MD_FRAME], got[MD_PCM_MAX];
			uint8_t payload[MD_PAYLOAD_MAX];
			for (size_t at = 0; at + MD_FRAME <= clip->samples; at += MD_FRAME) {
				for (int s = 0; s < MD_FRAME; s++)
					pcm[s] = (int16_t)(clip->pcm[at + (size_t)s] * pow(10, db / 20.0));
				size_t len = md_enc_frame(enc, payload, pcm);
				hear(i, got, md_dec_packet(dec, got, payload, len), &h);
			}
			seconds += (double)clip->samples / MD_RATE;
		}
		md_inband_free(i);
		md_enc_free(enc);
		md_dec_free(dec);
		free(clip);
	}
	close(fd);
	unlink(file);
	print_message("talk-off: %u keys in %.0f s of speech (%s)\n", h.n, seconds, h.on);
	assert_true(seconds > 300);
	assert_true(h.n <= 1);
}

int main(void)
{
	md_codec_init();
	const struct CMUnitTest tests[] = {
		TEST(every_key_through_every_codec),
		TEST(what_is_too_short_or_no_pair_is_none),
		TEST(speech_presses_no_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
