/* What was heard of a call's progress, in the words of leg.detected; and a file listened to, for whoever wants to know
 * why a call was judged as it was. */
#ifndef MD_PROGRESS_REPORT_H
#define MD_PROGRESS_REPORT_H
#include "progress/progress.h"
#include <jansson.h>

json_t *md_progress_json(const struct md_progress_heard *h);
/* `mediad --progress FILE ANSWERED_MS`: one JSON line for each thing heard in the file of a call that is answered so
 * far into it. The exit code. */
int md_progress_file(const char *path, const char *answered_ms);
#endif
