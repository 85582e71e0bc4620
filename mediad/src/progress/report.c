#include "progress/report.h"
#include "media/codec.h"
#include "prompt/wav.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zj_box.h>

#define FILE_MAX_S 600u

json_t *md_progress_json(const struct md_progress_heard *h)
{
	json_t *o = json_pack("{s:s,s:s,s:f,s:b,s:i,s:b}", "what", md_progress_names[h->what], "cause", h->cause,
			      "confidence", round(h->confidence * 100.0) / 100, "answered", h->answered, "ms",
			      (int)h->ms, "final", h->final);
	json_t *hz = h->hz[0] > 0 ? json_array() : NULL;
	for (int i = 0; hz && i < 2 && h->hz[i] > (i ? h->hz[0] : 0); i++)
		json_array_append_new(hz, json_integer(lrintf(h->hz[i])));
	if (hz)
		json_object_set_new(o, "hz", hz);
	if (h->greeting_ms)
		json_object_set_new(o, "greeting_ms", json_integer(h->greeting_ms));
	return o;
}

static void tell(struct md_progress *p)
{
	struct md_progress_heard h;
	while (md_progress_next(p, &h)) {
		json_t *o = md_progress_json(&h);
		json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(3));
		putchar('\n');
		json_decref(o);
	}
}

static int fail(const char *why)
{
	fprintf(stderr, "mediad: %s\n", why);
	return 1;
}

int md_progress_file(const char *path, const char *answered_ms)
{
	char why[256], *end;
	struct md_wav w;
	struct md_progress *p;
	unsigned long answered = strtoul(answered_ms, &end, 10);
	if (*end || end == answered_ms || answered > FILE_MAX_S * 1000)
		return fail("the answer is 0 to 600000 ms into the file");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail("the file cannot be opened");
	if (md_progress_alloc(&p, &md_progress_rules_default))
		return fail("no memory");
	if (zj_box_shut())
		return fail("there is no box for it");
	if (md_wav_read(&w, fd, (size_t)FILE_MAX_S * MD_RATE, why, sizeof(why)))
		return fail(why);
	for (size_t at = 0; at < w.clip->samples; at += MD_FRAME) {
		size_t left = w.clip->samples - at;
		if (at / (MD_RATE / 1000) >= answered)
			md_progress_answer(p, 0);
		md_progress_hear(p, w.clip->pcm + at, left < MD_FRAME ? left : MD_FRAME, false);
		tell(p);
	}
	free(w.clip);
	md_progress_free(p);
	return 0;
}
