#include "media/inband.h"
#include <errno.h>
#include <math.h>
#include <spandsp.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE    8
#define SHORTEST 40 /* ms: what is shorter is no key (Q.24 asks for 40) */

struct md_inband {
	dtmf_rx_state_t *rx;
	int64_t samples, since; /* heard; when the present key began */
	char down;
	unsigned n;
	struct md_dtmf_heard queue[QUEUE];
};

static void queue(struct md_inband *i, char began, char digit, uint32_t ms)
{
	if (i->n < QUEUE)
		i->queue[i->n++] = (struct md_dtmf_heard){began, digit, ms};
}

/* The detector knows a key after one or two of its blocks of 12.75 ms, and its end as late. */
static void key_h(void *arg, int code, int level ZJ_UNUSED, int delay ZJ_UNUSED)
{
	struct md_inband *i = arg;
	if (i->down) {
		uint32_t ms = (uint32_t)((i->samples - i->since) * 1000 / MD_RATE);
		queue(i, 0, i->down, ms < SHORTEST ? SHORTEST : ms);
	}
	i->down = (char)(code && md_dtmf_event((char)code) >= 0 ? code : 0);
	i->since = i->samples;
	if (i->down)
		queue(i, i->down, 0, 0);
}

int md_inband_alloc(struct md_inband **ip)
{
	struct md_inband *i = calloc(1, sizeof(*i));
	if (!i)
		return ENOMEM;
	i->rx = dtmf_rx_init(NULL, NULL, NULL);
	if (!i->rx) {
		free(i);
		return ENOMEM;
	}
	span_log_set_level(dtmf_rx_get_logging_state(i->rx), SPAN_LOG_NONE);
	dtmf_rx_set_realtime_callback(i->rx, key_h, i);
	*ip = i;
	return 0;
}

void md_inband_free(struct md_inband *i)
{
	if (!i)
		return;
	dtmf_rx_free(i->rx);
	free(i);
}

bool md_inband_hear(struct md_inband *i, const int16_t *pcm, size_t n, struct md_dtmf_heard *h)
{
	if (n) {
		(void)dtmf_rx(i->rx, pcm, (int)n);
		i->samples += (int64_t)n;
	}
	if (!i->n)
		return false;
	*h = i->queue[0];
	memmove(i->queue, i->queue + 1, --i->n * sizeof(i->queue[0]));
	return true;
}

void md_inband_make(char digit, unsigned at, int16_t *pcm)
{
	static const unsigned low[4] = {697, 770, 852, 941}, high[4] = {1209, 1336, 1477, 1633};
	static const char keys[] = "123A456B789C*0#D";
	const char *p = digit ? strchr(keys, digit) : NULL;
	if (!p) {
		memset(pcm, 0, MD_FRAME * sizeof(*pcm));
		return;
	}
	size_t key = (size_t)(p - keys), row = key / 4;
	double wl = 2 * M_PI * low[row] / MD_RATE, wh = 2 * M_PI * high[key % 4] / MD_RATE;
	for (unsigned k = 0; k < MD_FRAME; k++)
		pcm[k] = (int16_t)lrint(9000 * sin(wl * (at + k)) + 11300 * sin(wh * (at + k)));
}
