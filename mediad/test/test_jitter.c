#include "media/jitter.h"
#include "testing.h"
#include <math.h>
#include <stdlib.h>

#define CODEC MD_CODEC_PCMU
static int64_t now; /* of the ticks; packets come 5 ms before */

/* Packet `seq` carries its number as a constant level, so that order can be heard. */
static void put(struct md_jitter *j, uint16_t seq, size_t len)
{
	uint8_t payload[640 + MD_FRAME];
	int16_t pcm[MD_FRAME];
	struct md_enc *enc;
	assert_int_equal(md_enc_alloc(&enc, CODEC), 0);
	for (size_t i = 0; i < MD_FRAME; i++)
		pcm[i] = (int16_t)(1000 + seq % 20 * 1000);
	for (size_t i = 0; i < len; i += MD_FRAME)
		md_enc_frame(enc, payload + i, pcm);
	md_enc_free(enc);
	struct md_rtp r = {.seq = seq, .payload = payload, .len = len};
	md_jitter_put(j, &r, now + 15000);
}

/* The number heard, 0 for silence or something between. */
static int get(struct md_jitter *j)
{
	int16_t pcm[MD_FRAME];
	now += 20000;
	if (!md_jitter_get(j, now, pcm))
		return 0;
	int n = (pcm[80] - 1000 + 500) / 1000;
	return abs(pcm[80] - 1000 - n * 1000) < 300 ? n : 0;
}

static int setup(void **state)
{
	md_codec_init();
	now = 0;
	return md_jitter_alloc((struct md_jitter **)state, CODEC);
}

static int teardown(void **state)
{
	md_jitter_free(*state);
	return 0;
}

static void order_is_restored(void **state)
{
	struct md_jitter *j = *state;
	assert_int_equal(get(j), 0);
	put(j, 2, 160);
	put(j, 1, 160); /* overtaken before the first was played */
	put(j, 2, 160); /* twice */
	put(j, 4, 160);
	put(j, 3, 160);
	for (int i = 1; i <= 4; i++)
		assert_int_equal(get(j), i);
}

static void the_sequence_wraps(void **state)
{
	struct md_jitter *j = *state;
	put(j, 65534, 160);
	put(j, 65535, 160);
	assert_int_equal(get(j), 65534 % 20);
	put(j, 0, 160);
	assert_int_equal(get(j), 65535 % 20);
	put(j, 1, 160);
	(void)get(j);
	assert_int_equal(get(j), 1);
}

static void a_loss_is_concealed_and_time_goes_on(void **state)
{
	struct md_jitter *j = *state;
	struct md_jitter_stats s;
	put(j, 1, 160);
	put(j, 2, 160);
	put(j, 4, 160);
	assert_int_equal(get(j), 1);
	assert_int_equal(get(j), 2);
	int16_t pcm[MD_FRAME];
	now += 20000;
	assert_true(md_jitter_get(j, now, pcm)); /* 3: the fading 2 */
	assert_in_range(pcm[80], 1000, 3100);
	assert_int_equal(get(j), 4);
	md_jitter_stats(j, &s);
	assert_int_equal(s.concealed, 1);
}

static void packets_of_other_lengths_fit(void **state)
{
	struct md_jitter *j = *state;
	put(j, 1, 240); /* 30 ms */
	put(j, 2, 240);
	assert_int_equal(get(j), 1);
	assert_int_equal(get(j), 2); /* its middle is */
	assert_int_equal(get(j), 2);
	for (uint16_t i = 3; i < 9; i++)
		put(j, i, 80); /* 10 ms */
	assert_true(get(j) >= 0);
}

static void a_pause_is_silence_and_then_it_goes_on(void **state)
{
	struct md_jitter *j = *state;
	put(j, 1, 160);
	put(j, 2, 160);
	assert_int_equal(get(j), 1);
	assert_int_equal(get(j), 2);
	for (int i = 0; i < 10; i++)
		(void)get(j);
	assert_int_equal(get(j), 0);
	for (uint16_t i = 3; i < 8; i++)
		put(j, i, 160);
	for (int i = 3; i < 8; i++)
		assert_int_equal(get(j), i);
}

static void depth_stays_bounded_when_the_far_clock_is_fast(void **state)
{
	struct md_jitter *j = *state;
	struct md_jitter_stats s;
	uint16_t seq = 0;
	for (int tick = 0; tick < 20000; tick++) {
		put(j, seq++, 160);
		if (tick % 200 == 0)
			put(j, seq++, 160); /* 5,000 ppm fast */
		(void)get(j);
		md_jitter_stats(j, &s);
		assert_in_range(s.depth, 0, MD_JITTER_SLOTS - 1);
	}
	assert_in_range(s.depth, 0, 6);
}

static void random_loss_and_disorder_do_no_harm(void **state)
{
	struct md_jitter *j = *state;
	srand(1);
	for (int i = 0; i < 50000; i++) {
		if (rand() % 4)
			put(j, (uint16_t)(i + rand() % 5 - 2), (size_t)(rand() % 600));
		if (rand() % 500 == 0)
			put(j, (uint16_t)rand(), 160);
		(void)get(j);
	}
}

/* ---- a tone through a bad network, on a clock of our own ---- */

struct net {
	double ppm, jitter_ms, loss, shuffle;
	unsigned seconds;
};
struct heard {
	unsigned clicks, silent; /* in the second half */
	struct md_jitter_stats stats;
};
struct coming {
	double at_us;
	uint16_t seq;
};

static double dice(void)
{
	return rand() / (RAND_MAX + 1.0);
}

static void hear_through(enum md_codec_id c, const struct net *net, struct heard *h)
{
	struct md_jitter *j;
	struct md_enc *enc;
	size_t w = md_frame_of(md_codecs[c].width), n = net->seconds * 50;
	double hz = 500, rate = (double)w * 50, factor = 2 * cos(2 * M_PI * hz / rate);
	int16_t pcm[MD_FRAME_WIDE];
	double last[2] = {0};
	uint8_t(*sent)[MD_PAYLOAD_MAX] = calloc(64, sizeof(*sent));
	size_t len[64];
	struct coming way[64];
	unsigned waiting = 0, made = 0;
	*h = (struct heard){0};
	assert_int_equal(md_jitter_alloc(&j, c), 0);
	assert_int_equal(md_enc_alloc(&enc, c), 0);
	for (unsigned t = 1; t <= n; t++) {
		double tick_us = t * 20000.0;
		/* what the far end sent until now, by its clock */
		for (; made * 20000.0 * (1 + net->ppm / 1e6) + 7000 <= tick_us; made++) {
			for (size_t i = 0; i < w; i++)
				pcm[i] = (int16_t)lrint(8000 * sin(2 * M_PI * hz * (double)(made * w + i) / rate));
			len[made % 64] = md_enc_frame(enc, sent[made % 64], pcm);
			double at = made * 20000.0 * (1 + net->ppm / 1e6) + 7000 + dice() * net->jitter_ms * 1000 +
				    (dice() < net->shuffle ? 45000 : 0);
			if (dice() >= net->loss && waiting < 64)
				way[waiting++] = (struct coming){at, (uint16_t)(made + 60000)};
		}
		for (unsigned i = 0; i < waiting;) {
			if (way[i].at_us > tick_us) {
				i++;
				continue;
			}
			unsigned k = (uint16_t)(way[i].seq - 60000) % 64;
			struct md_rtp r = {.seq = way[i].seq, .payload = sent[k], .len = len[k]};
			md_jitter_put(j, &r, (int64_t)way[i].at_us);
			way[i] = way[--waiting];
		}
		bool on = md_jitter_get(j, (int64_t)tick_us, pcm);
		bool bad = false;
		for (size_t i = 0; i < w; i++) {
			bad = bad || fabs(pcm[i] - factor * last[0] + last[1]) > 2000;
			last[1] = last[0];
			last[0] = pcm[i];
		}
		if (t > n / 2) {
			h->clicks += bad;
			h->silent += !on;
		}
	}
	md_jitter_stats(j, &h->stats);
	md_jitter_free(j);
	md_enc_free(enc);
	free(sent);
}

static void a_tone_through_a_bad_network(void **state ZJ_UNUSED)
{
	static const struct {
		struct net net;
		unsigned clicks, concealed; /* at most */
	} rows[] = {
		{{.seconds = 30}, 0, 0},
		{{.ppm = 200, .seconds = 300}, 0, 1},
		{{.ppm = -200, .seconds = 300}, 0, 1},
		{{.ppm = 200, .jitter_ms = 10, .seconds = 300}, 0, 4},
		{{.jitter_ms = 15, .seconds = 60}, 0, 4},
		{{.jitter_ms = 60, .seconds = 60}, 1, 10},
		{{.shuffle = 0.02, .seconds = 60}, 1, 10},
		{{.loss = 0.02, .seconds = 60}, 300, 150},
	};
	srand(3);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++)
		for (int c = 0; c < MD_CODECS; c++) {
			struct heard h;
			if (rows[i].net.ppm != 0 && c != MD_CODEC_PCMA && c != MD_CODEC_G722)
				continue; /* minutes of it */
			hear_through((enum md_codec_id)c, &rows[i].net, &h);
			if (h.clicks > rows[i].clicks || h.stats.concealed > rows[i].concealed || h.silent)
				fail_msg("row %zu, %s: %u clicks, %u silent, concealed %llu late %llu cut %llu "
					 "stretched %llu delay %u ms",
					 i, md_codec_title((enum md_codec_id)c), h.clicks, h.silent,
					 (unsigned long long)h.stats.concealed, (unsigned long long)h.stats.late,
					 (unsigned long long)h.stats.cut, (unsigned long long)h.stats.stretched,
					 h.stats.delay_ms);
		}
}

static void comfort_noise_sounds_until_somebody_speaks(void **state)
{
	struct md_jitter *j = *state;
	int16_t pcm[MD_FRAME];
	uint8_t level[1] = {40};
	struct md_rtp noise = {.seq = 3, .payload = level, .len = 1};
	put(j, 1, 160);
	put(j, 2, 160);
	md_jitter_put_noise(j, &noise, now + 15000);
	assert_int_equal(get(j), 1);
	assert_int_equal(get(j), 2);
	for (int i = 0; i < 100; i++) {
		double sum = 0;
		now += 20000;
		assert_true(md_jitter_get(j, now, pcm));
		for (int k = 0; k < MD_FRAME; k++)
			sum += (double)pcm[k] * pcm[k];
		double db = 10 * log10(sum / MD_FRAME / (32767.0 * 32767));
		assert_true(db > -42 && db < -38); /* −40 dBov was said */
	}
	for (uint16_t i = 4; i < 7; i++)
		put(j, i, 160);
	assert_int_equal(get(j), 4);
}

int main(void)
{
#define J(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		J(order_is_restored),
		J(the_sequence_wraps),
		J(a_loss_is_concealed_and_time_goes_on),
		J(packets_of_other_lengths_fit),
		J(a_pause_is_silence_and_then_it_goes_on),
		J(depth_stays_bounded_when_the_far_clock_is_fast),
		J(comfort_noise_sounds_until_somebody_speaks),
		J(a_tone_through_a_bad_network),
		J(random_loss_and_disorder_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
