/* Files as answers: opened and read by the loop's worker threads in pieces, with ranges, never whole in memory. */
#ifndef API_FILE_H
#define API_FILE_H
#include "server/api.h"
#include "zj_seal.h"

#define API_FILE_TRIES 4
struct api_file_try {
	char *path; /* an object; taken over */
	bool gzip;  /* it is the compressed twin */
};
struct api_file_args {
	struct api_file_try tries[API_FILE_TRIES]; /* the first that exists is sent */
	int n;
	const char *type, *cache, *disposition; /* static texts or NULL; disposition is copied */
	const struct zj_seal_key *key;          /* the file is sealed by it (copied); NULL: it is not */
};
/* Answers the request; 404 when there is no such file. */
void api_file_send(struct api_req *req, const struct api_file_args *args);

struct api_range {
	uint64_t from, to; /* both inclusive */
};
/* `Range` of a file of `size` bytes. 1: one range; 0: none asked (or several, or another unit): send all; -1: not
 * satisfiable. */
int api_range_read(const char *header, uint64_t size, struct api_range *r);
const char *api_mime(const char *path);
/* prompt.c: asks for a column of the row that the request names, as far as the caller sees it; `h` gets it. */
void api_with_path(struct api_req *req, const char *column, api_db_h *h);
/* As the database has it: below the caller's tenant, without tricks. */
bool api_path_is_good(const struct api_req *req, const char *path);
#endif
