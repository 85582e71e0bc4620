/* Keys by SIP INFO, as application/dtmf-relay (Signal, Duration) and as application/dtmf (the bare key). */
#include "media/dtmf.h"
#include "sip/ua.h"
#include <errno.h>
#include <sofia-sip/sip_status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DURATION_MS 160 /* of a key whose length is not said */

/* Pure. 0: no key. */
char md_info_parse(const char *type, const char *body, size_t len, unsigned *ms)
{
	char text[256];
	unsigned event;
	*ms = DURATION_MS;
	snprintf(text, sizeof(text), "%.*s", (int)(len < sizeof(text) ? len : sizeof(text) - 1), body);
	const char *key = text;
	if (!strcasecmp(type, "application/dtmf-relay")) {
		key = strcasestr(text, "Signal");
		const char *d = strcasestr(text, "Duration");
		key = key ? strchr(key, '=') : NULL;
		d = d ? strchr(d, '=') : NULL;
		if (d && sscanf(d + 1, "%5u", ms) != 1)
			*ms = DURATION_MS;
		if (*ms < 1 || *ms > 60000)
			*ms = DURATION_MS;
		if (!key)
			return 0;
		key++;
	} else if (strcasecmp(type, "application/dtmf")) {
		return 0;
	}
	key += strspn(key, " \t");
	size_t n = strcspn(key, " \t\r\n");
	/* Some say the event's number: "10" is the star (RFC 4733 3.2). */
	if (n == 2 && sscanf(key, "%2u", &event) == 1)
		return md_dtmf_digit((uint8_t)event);
	int known = n == 1 ? md_dtmf_event(*key) : -1;
	return known < 0 ? 0 : md_dtmf_digit((uint8_t)known);
}

void md_dialog_info_in(struct md_dialog *d, const sip_t *sip)
{
	unsigned ms;
	const sip_payload_t *pl = sip->sip_payload;
	const char *type = sip->sip_content_type ? sip->sip_content_type->c_type : "";
	char key = pl && pl->pl_len ? md_info_parse(type, pl->pl_data, pl->pl_len, &ms) : 0;
	if (key && d->owner)
		d->ua->ops->key(d->owner, key, ms);
}

/* One at a time: each waits for the answer to the one before, so that they arrive in order. */
static void send_next(struct md_dialog *d)
{
	char body[64];
	if (!d->info_keys[0] || d->info_open)
		return;
	snprintf(body, sizeof(body), "Signal=%c\r\nDuration=%u\r\n", d->info_keys[0], d->info_ms);
	memmove(d->info_keys, d->info_keys + 1, strlen(d->info_keys));
	d->info_open = true;
	nua_info(d->nh, SIPTAG_CONTENT_TYPE_STR("application/dtmf-relay"), SIPTAG_PAYLOAD_STR(body), TAG_END());
}

int md_dialog_keys(struct md_dialog *d, const char *keys, unsigned ms)
{
	size_t n = strlen(d->info_keys);
	if (d->state != MD_D_UP)
		return EINVAL;
	if (n + strlen(keys) >= sizeof(d->info_keys))
		return ENOSPC;
	memcpy(d->info_keys + n, keys, strlen(keys) + 1);
	d->info_ms = ms;
	send_next(d);
	return 0;
}

void md_dialog_info_result(struct md_dialog *d, int status)
{
	if (status < 200)
		return;
	d->info_open = false;
	if (d->state == MD_D_UP)
		send_next(d);
}
