#include "fax/tones.h"
#include <errno.h>
#include <spandsp.h>
#include <stdlib.h>

const char *const md_fax_tone_names[MD_FAX_TONES] = {"cng", "ced"};
static const int kinds[MD_FAX_TONES] = {MODEM_CONNECT_TONES_FAX_CNG, MODEM_CONNECT_TONES_FAX_CED_OR_PREAMBLE};

struct md_fax_tones {
	modem_connect_tones_rx_state_t *rx[MD_FAX_TONES];
	unsigned heard;
};

int md_fax_tones_alloc(struct md_fax_tones **tp)
{
	struct md_fax_tones *t = calloc(1, sizeof(*t));
	if (!t)
		return ENOMEM;
	for (int i = 0; i < MD_FAX_TONES; i++) {
		t->rx[i] = modem_connect_tones_rx_init(NULL, kinds[i], NULL, NULL);
		if (!t->rx[i]) {
			md_fax_tones_free(t);
			return ENOMEM;
		}
	}
	*tp = t;
	return 0;
}

unsigned md_fax_tones_hear(struct md_fax_tones *t, const int16_t *pcm, size_t n)
{
	for (int i = 0; i < MD_FAX_TONES; i++) {
		modem_connect_tones_rx(t->rx[i], pcm, (int)n);
		if (modem_connect_tones_rx_get(t->rx[i]) != MODEM_CONNECT_TONES_NONE)
			t->heard |= 1u << i;
	}
	return t->heard;
}

void md_fax_tones_free(struct md_fax_tones *t)
{
	for (int i = 0; t && i < MD_FAX_TONES; i++)
		if (t->rx[i])
			modem_connect_tones_rx_free(t->rx[i]);
	free(t);
}
