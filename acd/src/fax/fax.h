/* Fax devices: numbers under which faxes are received, and from which they are sent. What shall be sent are rows of the
 * table `fax` in the state `queued`; each attempt is a call of its own and becomes a fact, which moves the row on. */
#ifndef ACD_FAX_H
#define ACD_FAX_H
#include "core/acd.h"

struct acd_fax_device {
	UT_hash_handle hh; /* acd_tenant.fax_devices */
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE], station[24], caller[ACD_NUMBER_SIZE],
		caller_name[ACD_TEXT_SIZE], voice[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE];
	int64_t max_channels, max_pages, rings;
	bool t38, enabled; /* t38: offered when receiving */
};

struct acd_fax_out {       /* waits to be sent */
	UT_hash_handle hh; /* acd_tenant.fax_out */
	char id[ZJ_UUID_SIZE], device[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], to[ACD_NUMBER_SIZE], header[64];
	char *path; /* an object */
	struct acd_tenant *tenant;
	struct acd_timer due;
	bool told; /* an attempt ended; the row will say what comes next */
};

void acd_fax_device_row(struct acd_tenant *t, const char *id, const json_t *row); /* of the configuration */
void acd_fax_row(struct acd_tenant *t, const char *id, const json_t *row);        /* likewise */
void acd_faxes_free(struct acd_tenant *t);
struct acd_fax_device *acd_fax_device_find(const struct acd_tenant *t, const char *id); /* NULL: gone, disabled */
struct acd_fax_out *acd_fax_out_find(const struct acd_tenant *t, const char *id);
bool acd_fax_is_full(const struct acd_fax_device *d, const struct acd_tenant *t, const struct acd_call *but);

/* story_fax.c */
bool acd_fax_is_sending(const struct acd_call *call, const char *fax);
void acd_fax_send(struct acd_fax_out *f, const struct acd_fax_device *d); /* begins an attempt */
void acd_fax_event(struct acd_call *call, struct acd_leg *leg, const char *method, const json_t *p);
/* The command was refused. */
void acd_fax_refused(struct acd_call *call, const char *because);
#endif
