/* Listens to a leg for the progress of its call: joins the leg's tap with what judges it (progress.h), beside the media
 * threads (fax/aside.h). */
#ifndef MD_LISTENER_H
#define MD_LISTENER_H
#include "fax/aside.h"
#include "progress/progress.h"

struct md_listener; /* is a md_job */
int md_listener_alloc(struct md_listener **lp, struct md_tap *tap, const struct md_progress_rules *rules) ZJ_MUST_CHECK;
struct md_job *md_listener_job(struct md_listener *l);
/* Control thread. */
void md_listener_answered(struct md_listener *l);
bool md_listener_heard(struct md_listener *l, struct md_progress_heard *h); /* the next news; false: none */
void md_listener_free(struct md_listener *l);
#endif
