/* Files of uploads below the store: written, measured and removed by the loop's worker threads, a few at a time so that
 * a large upload keeps nobody else from his file. store/<tenant>/uploads/<upload>; whoever asks checked both ids. */
#ifndef API_STORE_H
#define API_STORE_H
#include "zj_obj.h"
#include "zj_time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct api_store_done {
	int err;         /* 0 or an errno */
	uint64_t bytes;  /* of a digest: the file's size */
	char sha256[65]; /* of a digest */
};
typedef void(api_store_h)(const struct api_store_done *d /* borrowed */, void *arg);

#define API_STORE_PATH_SIZE 200
/* The file's path below the store. */
void api_store_path(char out[API_STORE_PATH_SIZE], const char *tenant, const char *upload);
struct api_store_part {
	int64_t number, offset;
	const char *data; /* valid until the handler ran (the request holds it) */
	size_t n;
};
/* Writes a part, durably. EAGAIN: too many wait. */
int api_store_write(struct api *api, const char *tenant, const char *upload, const struct api_store_part *part,
		    api_store_h *h, void *arg) ZJ_MUST_CHECK;
/* Size and SHA-256 of the file. */
int api_store_digest(struct api *api, const char *tenant, const char *upload, api_store_h *h, void *arg) ZJ_MUST_CHECK;
/* Is this part (API_STORE_ANY: anything) of the upload being written or read just now, or about to be? */
#define API_STORE_ANY 0
bool api_store_busy(const char *upload, int64_t part);
/* Keeps the upload busy until released (NULL: nothing to release). NULL: memory is out. */
struct api_store_hold *api_store_hold(const char *upload);
void api_store_release(struct api_store_hold *hold);
/* Removes a file of the store, soon. `path` below the store; copied. */
void api_store_remove(struct api *api, const char *path);
#endif
