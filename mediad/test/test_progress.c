/* The judge of call progress and its parts: tones by frequency and rhythm, at levels and in noise; voice and pauses by
 * made-up syllables; what must not be taken for a beep. The accuracy with speech is progress.test.mjs's. */
#include "progress/cadence.h"
#include "progress/levels.h"
#include "progress/progress.h"
#include "progress/report.h"
#include "testing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define RATE 8000

/* A call as it is heard. */
struct sound {
	int16_t pcm[RATE * 60];
	size_t n;
};
static struct sound s;

static void quiet(unsigned ms)
{
	memset(s.pcm + s.n, 0, ms * 8 * sizeof(s.pcm[0]));
	s.n += ms * 8;
}

static void tone(double hz, double hz2, unsigned ms, double dbfs)
{
	double a = 32767 * pow(10, dbfs / 20) / (hz2 > 0 ? 2 : 1);
	for (unsigned i = 0; i < ms * 8; i++)
		s.pcm[s.n++] = (int16_t)lrint(a * sin(2 * M_PI * hz * i / RATE) +
					      (hz2 > 0 ? a * sin(2 * M_PI * hz2 * i / RATE) : 0));
}

/* Syllables: harmonics of a voice that glides, 180 ms each with 60 ms between. */
static void voice(unsigned ms)
{
	for (unsigned i = 0; i < ms * 8; i++) {
		double t = i / (double)RATE, syllable = fmod(t, 0.24), x = 0;
		double f0 = 130 + 25 * sin(2 * M_PI * 1.3 * t);
		for (int h = 2; h < 20; h++)
			x += sin(2 * M_PI * f0 * h * t + h) / h;
		double swell = syllable < 0.18 ? sin(M_PI * syllable / 0.18) : 0;
		s.pcm[s.n++] = (int16_t)lrint(5000 * swell * x);
	}
}

static void noise(double amplitude)
{
	for (size_t i = 0; i < s.n; i++) {
		double x = s.pcm[i] + amplitude * (rand() / (RAND_MAX / 2.0) - 1);
		s.pcm[i] = (int16_t)lrint(x);
	}
}

/* What is heard of it, in words: "ringback/ring human/short_greeting". The last one is left in `last`. */
static const char *heard(const struct md_progress_rules *rules, int answered_ms, struct md_progress_heard *last)
{
	static char out[400];
	struct md_progress *p;
	struct md_progress_heard h;
	assert_int_equal(md_progress_alloc(&p, rules ? rules : &md_progress_rules_default), 0);
	out[0] = 0;
	for (size_t at = 0; at < s.n; at += 160) {
		if (answered_ms >= 0 && at >= (size_t)answered_ms * 8)
			md_progress_answer(p, 0);
		md_progress_hear(p, s.pcm + at, s.n - at < 160 ? s.n - at : 160, false);
		while (md_progress_next(p, &h)) {
			size_t n = strlen(out);
			snprintf(out + n, sizeof(out) - n, "%s%s/%s", n ? " " : "", md_progress_names[h.what], h.cause);
			*last = h;
		}
	}
	md_progress_free(p);
	s.n = 0;
	return out;
}

static void network_tones_at_levels_and_in_noise(void **state ZJ_UNUSED)
{
	static const struct {
		const char *want;
		double hz, hz2;
		unsigned on, off;
	} rows[] = {
		{"ringback/ring", 450, 0, 1000, 4000}, {"ringback/ring", 440, 480, 2000, 4000},
		{"ringback/ring", 425, 0, 1000, 4000}, {"busy/cn", 450, 0, 350, 350},
		{"busy/us", 480, 620, 500, 500},       {"busy/uk", 400, 0, 375, 375},
		{"busy/in", 400, 0, 750, 750},         {"congestion/cn", 450, 0, 700, 700},
		{"congestion/us", 480, 620, 250, 250}, {"congestion/eu", 425, 0, 240, 240},
		{"congestion/se", 425, 0, 250, 750},
	};
	static const double levels[] = {-10, -20, -35};
	struct md_progress_heard h;
	srand(1);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ZJ_ARRAY_SIZE(levels); k++)
			for (int noisy = 0; noisy < 2; noisy++) {
				for (unsigned ms = 0; ms < 6000; ms += rows[i].on + rows[i].off) {
					tone(rows[i].hz, rows[i].hz2, rows[i].on, levels[k]);
					quiet(rows[i].off);
				}
				if (noisy) /* 14 dB below the tone, over the whole band */
					noise(32767 * pow(10, (levels[k] - 14) / 20));
				const char *got = heard(NULL, -1, &h);
				if (strcmp(got, rows[i].want) != 0)
					fail_msg("row %zu at %.0f dB, noisy %d: %s", i, levels[k], noisy, got);
			}
}

static void information_tones_say_why(void **state ZJ_UNUSED)
{
	static const struct {
		const char *want;
		double one, two, three;
		unsigned ms1, ms2, ms3;
	} rows[] = {
		{"sit/intercept", 913.8, 1370.6, 1776.7, 274, 274, 380},
		{"sit/vacant", 985.2, 1370.6, 1776.7, 380, 274, 380},
		{"sit/reorder", 913.8, 1428.5, 1776.7, 274, 380, 380},
		{"sit/no_circuit", 985.2, 1428.5, 1776.7, 380, 380, 380},
		{"sit/sit", 950, 1400, 1800, 330, 330, 330},
	};
	struct md_progress_heard h;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++)
		for (unsigned gap = 0; gap <= 30; gap += 15) {
			quiet(200);
			tone(rows[i].one, 0, rows[i].ms1, -20);
			quiet(gap);
			tone(rows[i].two, 0, rows[i].ms2, -20);
			quiet(gap);
			tone(rows[i].three, 0, rows[i].ms3, -20);
			quiet(500);
			assert_string_equal(heard(NULL, -1, &h), rows[i].want);
		}
	/* The other way round it is somebody's melody. */
	tone(1776.7, 0, 380, -20);
	tone(1370.6, 0, 274, -20);
	tone(913.8, 0, 274, -20);
	quiet(500);
	assert_string_equal(heard(NULL, -1, &h), "");
}

static void who_answers(void **state ZJ_UNUSED)
{
	struct md_progress_heard h;
	quiet(500);
	voice(900);
	quiet(3000);
	assert_string_equal(heard(NULL, 0, &h), "human/short_greeting");
	assert_in_range(h.greeting_ms, 750, 1050);
	assert_in_range(h.ms, 1900, 2700);
	assert_true(h.final && h.answered);

	quiet(300);
	voice(6000);
	quiet(800);
	tone(1000, 0, 400, -15);
	quiet(1000);
	assert_string_equal(heard(NULL, 0, &h), "machine/long_greeting beep/tone");
	assert_in_range(h.ms, 7500 - 50, 7500 + 350);
	assert_in_range(lrintf(h.hz[0]), 998, 1002);

	quiet(5000);
	assert_string_equal(heard(NULL, 0, &h), "silence/no_voice");
	assert_in_range(h.ms, 4000, 4100);

	quiet(1000);
	tone(2100, 0, 3000, -14);
	quiet(500);
	assert_string_equal(heard(NULL, 0, &h), "fax/ced");

	/* A beep ends a short greeting before its pause would have. */
	quiet(200);
	voice(1500);
	quiet(300);
	tone(1400, 0, 250, -15);
	quiet(1000);
	assert_string_equal(heard(NULL, 0, &h), "machine/beep beep/tone");
}

static void what_is_before_the_answer_does_not_count_after_it(void **state ZJ_UNUSED)
{
	struct md_progress_heard h;
	voice(5000);
	quiet(400);
	voice(700);
	quiet(2000);
	assert_string_equal(heard(NULL, 5200, &h), "announcement/voice human/short_greeting");
	assert_in_range(h.ms, 200 + 700 + 500, 200 + 700 + 1300);
}

static void rules_are_kept(void **state ZJ_UNUSED)
{
	struct md_progress_heard h;
	struct md_progress_rules r = md_progress_rules_default;
	r.greeting_ms = 1000;
	r.beep_ms = 0;
	voice(2000);
	quiet(2000);
	assert_string_equal(heard(&r, 0, &h), "machine/long_greeting");
	assert_true(h.final);
	r = md_progress_rules_default;
	r.beep_ms = 5000;
	for (int i = 0; i < 3; i++) {
		voice(3300);
		quiet(500);
	}
	assert_string_equal(heard(&r, 0, &h), "machine/long_greeting beep/time");
	assert_true(h.confidence < 0.01f);
	/* No beep, but it records. */
	voice(4000);
	quiet(4000);
	assert_string_equal(heard(NULL, 0, &h), "machine/long_greeting beep/quiet");
	/* Words that never end nor become one greeting. */
	r = md_progress_rules_default;
	r.max_ms = 3000;
	r.pause_ms = 1000;
	r.greeting_ms = 15000;
	for (int i = 0; i < 6; i++) {
		voice(400);
		quiet(500);
	}
	r.pause_ms = 2000;
	assert_string_equal(heard(&r, 0, &h), "unsure/time");
}

/* Beeps that are none: keys, a ring after the answer, a tone that never ends, a melody. */
static void what_is_no_beep(void **state ZJ_UNUSED)
{
	struct md_progress_heard h;
	struct md_progress_rules r = md_progress_rules_default;
	r.max_ms = 60000;
	r.silence_ms = 30000;
	static const double melody[] = {523, 659, 784, 659, 523, 587, 698};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(melody); i++)
		tone(melody[i], 0, 300, -15);
	quiet(600);
	assert_null(strstr(heard(&r, 0, &h), "beep"));
	tone(1000, 0, 4000, -15);
	quiet(600);
	assert_null(strstr(heard(&r, 0, &h), "beep"));
	for (int i = 0; i < 40; i++) { /* speech at that pace for long */
		voice(1100);
		quiet(150);
	}
	assert_null(strstr(heard(NULL, 0, &h), "beep/tone"));
}

static void lost_packets_are_bridged(void **state ZJ_UNUSED)
{
	struct md_progress *p;
	struct md_progress_heard h;
	unsigned n = 0;
	for (int i = 0; i < 6; i++) {
		tone(450, 0, 350, -20);
		quiet(350);
	}
	assert_int_equal(md_progress_alloc(&p, &md_progress_rules_default), 0);
	for (size_t at = 0; at + 160 <= s.n; at += 160)
		md_progress_hear(p, s.pcm + at, 160, at / 160 % 9 == 5);
	for (; md_progress_next(p, &h); n++)
		assert_int_equal(h.what, MD_P_BUSY);
	assert_int_equal(n, 1);
	md_progress_free(p);
	s.n = 0;
}

static void speech_is_cut_at_pauses(void **state ZJ_UNUSED)
{
	static struct md_levels l;
	struct md_speech sp;
	static const struct {
		unsigned moments;
		float db;
	} parts[] = {{30, -70}, {40, -20}, {20, -70}, {30, -25}, {3, -70}, {30, -22}, {120, -70}, {40, -20}};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(parts); i++)
		for (unsigned k = 0; k < parts[i].moments; k++)
			md_levels_add(&l, parts[i].db);
	md_levels_speech(&l, 0, 100, &sp);
	assert_int_equal(sp.from, 30);
	assert_int_equal(sp.to, 153);
	assert_int_equal(sp.words, 2);
	assert_int_equal(sp.pause, 20);
	assert_int_equal(sp.voiced, 100);
	assert_int_equal(sp.quiet, l.n - 153);
	md_levels_hush(&l, 40);
	md_levels_speech(&l, 160, 100, &sp);
	assert_int_equal(sp.words, 0);
	for (unsigned i = 0; i < 3 * MD_LEVELS_MAX; i++) /* bounded */
		md_levels_add(&l, -20);
	assert_true(l.n <= MD_LEVELS_MAX);
}

static void it_is_told_in_words(void **state ZJ_UNUSED)
{
	json_t *o = md_progress_json(&(struct md_progress_heard){
		.what = MD_P_BUSY, .cause = "us", .confidence = 0.97f, .ms = 2500, .hz = {480, 620}});
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(3));
	assert_string_equal(text, "{\"what\":\"busy\",\"cause\":\"us\",\"confidence\":0.97,\"answered\":false,"
				  "\"ms\":2500,\"final\":false,\"hz\":[480,620]}");
	free(text);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(network_tones_at_levels_and_in_noise),
		TEST(information_tones_say_why),
		TEST(who_answers),
		TEST(what_is_before_the_answer_does_not_count_after_it),
		TEST(rules_are_kept),
		TEST(what_is_no_beep),
		TEST(lost_packets_are_bridged),
		TEST(speech_is_cut_at_pauses),
		TEST(it_is_told_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
