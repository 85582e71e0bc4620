#include "media/dtmf.h"
#include "testing.h"
#include <errno.h>

struct heard {
	char began[64], digits[64];
	unsigned ms[64], n, nb;
};

static void feed(struct md_dtmf_rx *d, struct heard *all, uint8_t event, uint32_t ts, uint16_t duration, int end,
		 int64_t us)
{
	uint8_t payload[4] = {event, (uint8_t)(end ? 0x8a : 0x0a), (uint8_t)(duration >> 8), (uint8_t)duration};
	struct md_rtp r = {.ts = ts, .payload = payload, .len = 4};
	struct md_dtmf_heard h;
	md_dtmf_rx_packet(d, &r, us, &h);
	if (h.digit) {
		all->ms[all->n] = h.ms;
		all->digits[all->n++] = h.digit;
	}
	if (h.began)
		all->began[all->nb++] = h.began;
}

static void one_event_is_told_once(void **state ZJ_UNUSED)
{
	struct md_dtmf_rx d = {0};
	struct heard h = {0};
	for (uint16_t i = 1; i <= 5; i++)
		feed(&d, &h, 1, 1000, (uint16_t)(i * 160), 0, i * 20000);
	for (int i = 0; i < 3; i++)
		feed(&d, &h, 1, 1000, 960, 1, 120000);
	feed(&d, &h, 1, 1000, 480, 0, 125000); /* overtaken on the way */
	feed(&d, &h, 11, 3000, 160, 0, 300000);
	feed(&d, &h, 11, 3000, 320, 1, 320000);
	feed(&d, &h, 1, 1000, 960, 1, 330000); /* of the former one, very late */
	assert_string_equal(h.began, "1#");
	assert_string_equal(h.digits, "1#");
	assert_int_equal(h.ms[0], 120);
}

static void the_same_key_twice_is_two_events(void **state ZJ_UNUSED)
{
	struct md_dtmf_rx d = {0};
	struct heard h = {0};
	feed(&d, &h, 5, 1000, 800, 1, 0);
	feed(&d, &h, 5, 3000, 800, 1, 200000);
	assert_string_equal(h.digits, "55");
}

static void a_lost_end_is_found_by_the_next_event_or_by_time(void **state ZJ_UNUSED)
{
	struct md_dtmf_rx d = {0};
	struct heard h = {0};
	struct md_dtmf_heard t;
	feed(&d, &h, 1, 1000, 160, 0, 0);
	feed(&d, &h, 2, 2000, 160, 0, 100000);
	assert_string_equal(h.digits, "1");
	md_dtmf_rx_tick(&d, 200000, &t);
	assert_int_equal(t.digit, 0);
	md_dtmf_rx_tick(&d, 400000, &t);
	assert_int_equal(t.digit, '2');
	md_dtmf_rx_tick(&d, 900000, &t);
	assert_int_equal(t.digit, 0);
}

static void a_long_event_in_segments_is_one_key(void **state ZJ_UNUSED)
{
	struct md_dtmf_rx d = {0};
	struct heard h = {0};
	uint32_t ts = 1000;
	for (uint32_t t = 160; t <= 0xffff; t += 160)
		feed(&d, &h, 9, ts, (uint16_t)t, 0, t * 125);
	feed(&d, &h, 9, ts, 0xffff, 0, 8200000);
	ts += 0xffff;
	feed(&d, &h, 9, ts, 160, 0, 8220000);
	feed(&d, &h, 9, ts, 1600, 1, 8400000);
	assert_string_equal(h.began, "9");
	assert_string_equal(h.digits, "9");
	assert_int_equal(h.ms[0], (0xffff + 1600) / 8);
}

static void nonsense_is_ignored(void **state ZJ_UNUSED)
{
	struct md_dtmf_rx d = {0};
	struct heard h = {0};
	struct md_dtmf_heard one;
	struct md_rtp tiny = {.payload = (const uint8_t *)"\1\0", .len = 2};
	feed(&d, &h, 200, 1000, 160, 1, 0);
	md_dtmf_rx_packet(&d, &tiny, 0, &one);
	assert_int_equal(h.n + h.nb, 0);
}

/* What is sent is heard by our own receiver, with the right length. */
static void sent_keys_are_heard(void **state ZJ_UNUSED)
{
	struct md_dtmf_tx tx = {0};
	struct md_dtmf_rx rx = {0};
	struct heard h = {0};
	struct md_dtmf_out out;
	unsigned ends = 0, marks = 0, ticks = 0;
	assert_int_equal(md_dtmf_tx_add(&tx, "12#D", 120, 60), 0);
	for (uint32_t ts = 5000; md_dtmf_tx_tick(&tx, ts, &out); ts += 160, ticks++) {
		if (!out.send)
			continue;
		ends += out.payload[1] >> 7;
		marks += out.marker;
		feed(&rx, &h, out.payload[0], out.ts, (uint16_t)(out.payload[2] << 8 | out.payload[3]),
		     out.payload[1] & 0x80, ticks * 20000);
	}
	assert_string_equal(h.digits, "12#D");
	assert_int_equal(h.ms[0], 120);
	assert_int_equal(ends, 4 * 3);
	assert_int_equal(marks, 4);
	assert_in_range(ticks, 4 * (6 + 2 + 3), 4 * (6 + 2 + 4));
}

static void what_cannot_be_sent_is_refused(void **state ZJ_UNUSED)
{
	struct md_dtmf_tx tx = {0};
	assert_int_equal(md_dtmf_tx_add(&tx, "12x", 100, 50), EINVAL);
	assert_int_equal(md_dtmf_tx_add(&tx, "123456789012345678901234567890123", 100, 50), ENOSPC);
	assert_int_equal(tx.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_event_is_told_once),
		TEST(the_same_key_twice_is_two_events),
		TEST(a_lost_end_is_found_by_the_next_event_or_by_time),
		TEST(a_long_event_in_segments_is_one_key),
		TEST(nonsense_is_ignored),
		TEST(sent_keys_are_heard),
		TEST(what_cannot_be_sent_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
