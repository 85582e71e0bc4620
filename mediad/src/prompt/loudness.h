/* Loudness by EBU R128 (ITU-R BS.1770): measured, and set. Pure. */
#ifndef MD_LOUDNESS_H
#define MD_LOUDNESS_H
#include "media/clip.h"
#include <zj_obj.h>

#define MD_LUFS_SILENT (-70.0) /* R128's gate: quieter is silence */

/* LUFS of the whole clip; never below MD_LUFS_SILENT. ENOMEM. */
int md_loudness(const struct md_clip *c, double *lufs) ZJ_MUST_CHECK;
/* Brings the clip to `target`, as far as its peaks allow (true peak at most −1 dB); silence stays. *before and *after
 * are what was and what is. ENOMEM. */
int md_loudness_set(struct md_clip *c, double target, double *before, double *after) ZJ_MUST_CHECK;
#endif
