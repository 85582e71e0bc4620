/* The console's files: build/web, with index.html for every path of the single-page application. */
#include "files/file.h"
#include <string.h>

static bool safe(const struct api_req *req)
{
	if (req->n_seg > API_SEGMENTS)
		return false;
	for (int i = 0; i < req->n_seg; i++)
		if (req->seg[i][0] == '.' || strchr(req->seg[i], '\\'))
			return false;
	return true;
}

static char *join(const struct api_req *req, const char *suffix)
{
	struct res_buf b = {0};
	res_buf_add(&b, req->api->conf.web);
	for (int i = 0; i < req->n_seg; i++) {
		res_buf_add(&b, "/");
		res_buf_add(&b, req->seg[i]);
	}
	res_buf_add(&b, suffix);
	char *out = b.failed ? NULL : zj_strdup(b.p);
	res_buf_free(&b);
	return out;
}

static void add(struct api_file_args *a, char *path, bool gzip)
{
	if (path)
		a->tries[a->n++] = (struct api_file_try){path, gzip};
}

void api_static_h(struct api_req *req)
{
	struct api_file_args a = {0};
	char *accepts = api_req_header(req, "accept-encoding");
	bool gzip = accepts && strstr(accepts, "gzip");
	const char *last = req->n_seg > 0 && req->n_seg <= API_SEGMENTS ? req->seg[req->n_seg - 1] : "";
	bool page = req->n_seg == 0 || !strchr(last, '.');
	zj_deref(accepts);
	if (!safe(req))
		return api_fail(req, RES_P_NOT_FOUND, "there is nothing at this path");
	if (!page) {
		if (gzip)
			add(&a, join(req, ".gz"), true);
		add(&a, join(req, ""), false);
		/* names under assets/ carry a hash of their content */
		a.cache = strcmp(req->seg[0], "assets") == 0 ? "public, max-age=31536000, immutable" : "no-cache";
	} else {
		if (gzip)
			add(&a, zj_asprintf("%s/index.html.gz", req->api->conf.web), true);
		add(&a, zj_asprintf("%s/index.html", req->api->conf.web), false);
		api_header(req, "x-frame-options", "DENY");
		api_header(req, "referrer-policy", "same-origin");
	}
	api_file_send(req, &a);
}
