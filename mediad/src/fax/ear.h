/* An ear for fax tones on a voice call: the calling tone of a machine that called (CNG), the answer of one that was
 * called (CED, or the first flags of its message). Each is told once. */
#ifndef MD_EAR_H
#define MD_EAR_H
#include "fax/aside.h"

struct md_ear; /* is a md_job */
int md_ear_alloc(struct md_ear **ep, struct md_tap *tap) ZJ_MUST_CHECK;
struct md_job *md_ear_job(struct md_ear *e);
/* What was heard; NULL: nothing, or it was asked for already. Control thread. */
const char *md_ear_heard(struct md_ear *e);
void md_ear_free(struct md_ear *e);
#endif
