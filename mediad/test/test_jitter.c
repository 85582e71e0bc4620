#include "media/jitter.h"
#include "testing.h"
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
	assert_in_range(pcm[80], 1000, 3000);
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
		J(random_loss_and_disorder_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
