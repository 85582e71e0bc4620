/* Every codec by what comes out of it: level, seams, losses; and the way between the widths. */
#include "media/codec.h"
#include "media/stretch.h"
#include "testing.h"
#include <math.h>
#include <stdlib.h>

#define TONE 400.0

static void tone(int16_t *pcm, size_t n, size_t from, unsigned rate, double amplitude)
{
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)lrint(amplitude * sin(2 * M_PI * TONE * (double)(from + i) / rate));
}

static double rms(const int16_t *pcm, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)pcm[i] * pcm[i];
	return sqrt(sum / (double)n);
}

/* The largest sample of what is no tone of TONE Hz: a click is large, a codec's noise small. */
static double click(const int16_t *pcm, size_t n, unsigned rate)
{
	double c = 2 * cos(2 * M_PI * TONE / rate), most = 0;
	for (size_t i = 2; i < n; i++) {
		double y = fabs(pcm[i] - c * pcm[i - 1] + pcm[i - 2]);
		most = y > most ? y : most;
	}
	return most;
}

/* A second of the tone through the codec, in narrow width at the end; some frames are lost. */
static size_t through(enum md_codec_id c, enum md_width out, int16_t *heard, const char *lost)
{
	struct md_enc *enc;
	struct md_dec *dec;
	size_t w = md_frame_of(md_codecs[c].width), n = 0;
	int16_t pcm[MD_FRAME_WIDE], got[MD_PCM_MAX];
	uint8_t payload[2][MD_PAYLOAD_MAX];
	size_t len[2] = {0};
	assert_int_equal(md_enc_alloc(&enc, c), 0);
	assert_int_equal(md_dec_alloc(&dec, c, out), 0);
	for (unsigned i = 0; i < 51; i++) {
		tone(pcm, w, i * w, (unsigned)w * 50, 8000);
		len[i % 2] = md_enc_frame(enc, payload[i % 2], pcm);
		assert_in_range(len[i % 2], 1, MD_PAYLOAD_MAX);
		if (!i)
			continue;
		/* one behind: so the next is known when one is lost */
		unsigned k = i - 1;
		size_t m = lost && strchr(lost, (int)('0' + k % 10)) && k > 20
				   ? md_dec_lost(dec, got, md_frame_of(out), payload[i % 2], len[i % 2])
				   : md_dec_packet(dec, got, payload[k % 2], len[k % 2]);
		assert_int_equal(m, md_frame_of(out));
		memcpy(heard + n, got, m * sizeof(*got));
		n += m;
	}
	md_enc_free(enc);
	md_dec_free(dec);
	return n;
}

static void a_tone_keeps_its_level_and_has_no_seams(void **state ZJ_UNUSED)
{
	for (int c = 0; c < MD_CODECS; c++)
		for (int w = 0; w < MD_WIDTHS; w++) {
			int16_t heard[50 * MD_FRAME_WIDE];
			unsigned rate = w == MD_WIDE ? 16000 : 8000;
			size_t n = through((enum md_codec_id)c, (enum md_width)w, heard, NULL), half = n / 2;
			double db = 20 * log10(rms(heard + half, n - half) / (8000 / M_SQRT2));
			double seam = click(heard + half, n - half, rate) / 8000;
			if (fabs(db) > 1 || seam > 0.15)
				fail_msg("%s in width %d: %.2f dB, residue %.3f", md_codec_title((enum md_codec_id)c),
					 w, db, seam);
		}
}

static void a_lost_packet_is_made_up(void **state ZJ_UNUSED)
{
	for (int c = 0; c < MD_CODECS; c++) {
		int16_t heard[50 * MD_FRAME_WIDE];
		enum md_width w = md_codecs[c].width;
		size_t f = md_frame_of(w);
		(void)through((enum md_codec_id)c, w, heard, "5");
		for (unsigned k = 25; k < 50; k += 10) {
			double db = 20 * log10(rms(heard + k * f, f) / (8000 / M_SQRT2) + 1e-9);
			if (db < -9 || db > 2)
				fail_msg("%s: what was made up has %.1f dB", md_codec_title((enum md_codec_id)c), db);
		}
	}
}

static void an_encoder_goes_on_where_another_is(void **state ZJ_UNUSED)
{
	static const enum md_codec_id with_state[] = {MD_CODEC_G722, MD_CODEC_OPUS};
	for (size_t k = 0; k < 2; k++) {
		struct md_enc *one, *two;
		struct md_dec *dec;
		int16_t pcm[MD_FRAME_WIDE], heard[30 * MD_FRAME_WIDE], other[MD_FRAME_WIDE] = {0};
		uint8_t p[MD_PAYLOAD_MAX];
		assert_int_equal(md_enc_alloc(&one, with_state[k]), 0);
		assert_int_equal(md_enc_alloc(&two, with_state[k]), 0);
		assert_int_equal(md_dec_alloc(&dec, with_state[k], MD_WIDE), 0);
		for (unsigned i = 0; i < 30; i++) {
			tone(pcm, MD_FRAME_WIDE, i * MD_FRAME_WIDE, 16000, 8000);
			if (i == 20)
				md_enc_copy(two, one);
			else if (i < 20)
				(void)md_enc_frame(two, p, other);
			size_t len = md_enc_frame(i < 20 ? one : two, p, pcm);
			assert_int_equal(md_dec_packet(dec, heard + i * MD_FRAME_WIDE, p, len), MD_FRAME_WIDE);
		}
		assert_true(click(heard + 15 * MD_FRAME_WIDE, 15 * MD_FRAME_WIDE, 16000) < 0.1 * 8000);
		md_enc_free(one);
		md_enc_free(two);
		md_dec_free(dec);
	}
}

static void from_width_to_width_and_back(void **state ZJ_UNUSED)
{
	struct md_resample *up, *down;
	int16_t in[MD_FRAME], wide[MD_FRAME_WIDE], heard[50 * MD_FRAME];
	assert_int_equal(md_resample_alloc(&up, MD_NARROW), 0);
	assert_int_equal(md_resample_alloc(&down, MD_WIDE), 0);
	for (unsigned i = 0; i < 50; i++) {
		tone(in, MD_FRAME, i * MD_FRAME, 8000, 10000);
		md_resample(up, in, MD_FRAME, wide);
		md_resample(down, wide, MD_FRAME_WIDE, heard + i * MD_FRAME);
	}
	double db = 20 * log10(rms(heard + 2000, 6000) / (10000 / M_SQRT2));
	assert_true(fabs(db) < 0.2);
	assert_true(click(heard + 2000, 6000, 8000) < 100);
	md_resample_free(up);
	md_resample_free(down);
}

static void audio_gets_shorter_and_longer_without_a_click(void **state ZJ_UNUSED)
{
	for (unsigned per_ms = 8; per_ms <= 16; per_ms += 8) {
		int16_t pcm[3 * MD_FRAME_WIDE];
		size_t n = 20 * per_ms, k;
		tone(pcm, n, 0, per_ms * 1000, 8000);
		k = md_stretch_cut(pcm, n, per_ms);
		assert_in_range(k, 5 * per_ms / 2, 10 * per_ms);
		assert_true(click(pcm, n - k, per_ms * 1000) < 0.05 * 8000);
		tone(pcm, n, 0, per_ms * 1000, 8000);
		k = md_stretch_grow(pcm, n, per_ms);
		assert_in_range(k, 5 * per_ms / 2, 10 * per_ms);
		assert_true(click(pcm, n + k, per_ms * 1000) < 0.05 * 8000);
		assert_int_equal(md_stretch_cut(pcm, n - 1, per_ms), 0);
	}
}

static void garbage_decodes_to_something_bounded(void **state ZJ_UNUSED)
{
	srand(5);
	for (int c = 0; c < MD_CODECS; c++)
		for (int w = 0; w < MD_WIDTHS; w++) {
			struct md_dec *dec;
			int16_t pcm[MD_PCM_MAX];
			uint8_t p[MD_PAYLOAD_MAX];
			assert_int_equal(md_dec_alloc(&dec, (enum md_codec_id)c, (enum md_width)w), 0);
			for (int i = 0; i < 2000; i++) {
				size_t len = (size_t)rand() % sizeof(p);
				for (size_t k = 0; k < len; k++)
					p[k] = (uint8_t)rand();
				assert_in_range(md_dec_packet(dec, pcm, p, len), 0, MD_PCM_MAX);
				assert_in_range(md_dec_lost(dec, pcm, (size_t)rand() % MD_PCM_MAX, p, len), 0,
						MD_PCM_MAX);
			}
			md_dec_free(dec);
		}
}

static void lists_of_names(void **state ZJ_UNUSED)
{
	enum md_codec_id order[MD_CODECS];
	char bad[40];
	assert_int_equal(md_codec_list(order, "opus, G722 pcma,L16/16000", bad, sizeof(bad)), 4);
	assert_int_equal(order[0], MD_CODEC_OPUS);
	assert_int_equal(order[2], MD_CODEC_PCMA);
	assert_int_equal(order[3], MD_CODEC_L16_WIDE);
	assert_int_equal(md_codec_list(order, "PCMA,G729", bad, sizeof(bad)), 0);
	assert_string_equal(bad, "G729");
	assert_int_equal(md_codec_list(order, "PCMA,PCMA", bad, sizeof(bad)), 0);
	assert_int_equal(md_codec_list(order, " ", bad, sizeof(bad)), 0);
}

int main(void)
{
	md_codec_init();
	const struct CMUnitTest tests[] = {
		TEST(a_tone_keeps_its_level_and_has_no_seams),
		TEST(a_lost_packet_is_made_up),
		TEST(an_encoder_goes_on_where_another_is),
		TEST(from_width_to_width_and_back),
		TEST(audio_gets_shorter_and_longer_without_a_click),
		TEST(garbage_decodes_to_something_bounded),
		TEST(lists_of_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
