/* The tones that fax machines are known by: of one that called (CNG), of one that was called (CED, or the first flags
 * of its message). */
#ifndef MD_FAX_TONES_H
#define MD_FAX_TONES_H
#include <stddef.h>
#include <stdint.h>
#include <zj_obj.h>

enum md_fax_tone { MD_FAX_CNG, MD_FAX_CED, MD_FAX_TONES };
extern const char *const md_fax_tone_names[MD_FAX_TONES];

struct md_fax_tones;
int md_fax_tones_alloc(struct md_fax_tones **tp) ZJ_MUST_CHECK;
/* What has been heard by now: a bit for each tone. */
unsigned md_fax_tones_hear(struct md_fax_tones *t, const int16_t *pcm, size_t n);
void md_fax_tones_free(struct md_fax_tones *t);
#endif
