/* A fax machine on a leg: T.30 by V.17, V.29, V.27ter over the leg's audio, or by T.38 (UDPTL), with error correction
 * (spandsp). It reads or writes one TIFF/F file. Everything has an end: pages, bytes, time. */
#ifndef MD_FAX_H
#define MD_FAX_H
#include "fax/aside.h"

#define MD_FAX_STATION 20 /* characters of an identification (T.30) */
#define MD_FAX_HEADER  50

enum md_fax_end {
	MD_FAX_DONE,
	MD_FAX_STOPPED, /* by us */
	MD_FAX_HUNGUP,  /* the leg ended first */
	MD_FAX_PAGES,   /* more pages than may be */
	MD_FAX_BYTES,   /* a larger file than may be */
	MD_FAX_TIME,
	MD_FAX_NO_FAX,   /* nobody there who speaks T.30 */
	MD_FAX_REFUSED,  /* the two could not agree */
	MD_FAX_LINE,     /* the far end fell silent or was not understood */
	MD_FAX_DOCUMENT, /* what shall be sent cannot be read */
	MD_FAX_DISK,     /* what came cannot be written */
	MD_FAX_ENDS
};
extern const char *const md_fax_end_names[MD_FAX_ENDS];

struct md_fax_args {
	bool send, caller; /* caller: we called (who calls speaks first in another way than who is called) */
	bool no_ecm;
	bool offer_t38;               /* control's: to the far end, at the beginning */
	const char *station, *header; /* may be NULL */
	unsigned max_pages;
	int64_t max_ms, max_bytes;
};

struct md_fax_figures { /* as far as it came */
	unsigned pages, pages_in_file, bit_rate, width, x_dpm, y_dpm, bad_rows, retries;
	bool ecm, t38;
	char station[MD_FAX_STATION + 1]; /* of the far end; printable */
};

struct md_fax; /* is a md_job */
/* `fd`: the file, borrowed until it is freed. */
int md_fax_alloc(struct md_fax **fp, struct md_tap *tap, int fd, const struct md_fax_args *a) ZJ_MUST_CHECK;
struct md_job *md_fax_job(struct md_fax *f);
/* From now on by T.38: the tap's datagrams. It begins anew there. */
void md_fax_t38(struct md_fax *f);
/* Any thread. */
void md_fax_figures(struct md_fax *f, struct md_fax_figures *out);
/* When it is over. `because`: static text. */
enum md_fax_end md_fax_end(const struct md_fax *f, const char **because);
void md_fax_free(struct md_fax *f);
#endif
