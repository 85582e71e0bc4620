/* The rows of a list, as the job's account sees them, read in chunks by cursor: no transaction lives long, and a chunk
 * can be read again from where it began. */
#ifndef WK_LIST_H
#define WK_LIST_H
#include "query.h"
#include "worker.h"

struct wk_list {
	struct wk_job *job;
	struct res_query q;
	json_t *keys;    /* of the last row that was given: the cursor; owned; NULL: none yet */
	int chunk, most; /* rows of the next look; it grows to `most` */
};
/* `query`: as in the list's URL; limit, cursor and count in it are dropped. `more` is added. EINVAL: said in the job.
 */
int wk_list_open(struct wk_list *l, struct wk_job *job, const char *query, const char *more) ZJ_MUST_CHECK;
typedef int(wk_list_h)(json_t *row, void *arg);
/* Rows of the next chunk, one transaction; *n how many. 0, EAGAIN, EINVAL (said in the job) or what the handler said.
 */
int wk_list_next(struct wk_list *l, wk_list_h *h, void *arg, int *n) ZJ_MUST_CHECK;
int wk_list_count(struct wk_list *l, int64_t *n) ZJ_MUST_CHECK;
void wk_list_close(struct wk_list *l);
#endif
