/* The pages of a fax: as PDF (the worker makes it soon after the fax came or was prepared) or as the TIFF that went
 * over the line. */
#include "files/file.h"
#include "rights/views.h"
#include "rows/manage.h"
#include "zj_log.h"
#include <string.h>

static void send_pages(struct api_req *req, const char *type, const char *end, const PGresult *r)
{
	struct api_file_args a = {.type = type, .cache = "private, no-cache", .n = 1};
	char disposition[120];
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such fax");
	if (PQgetisnull(r, 0, 0))
		return api_fail(req, RES_P_NOT_FOUND, "its pages are not there yet, or never came");
	const char *path = PQgetvalue(r, 0, 0);
	if (!api_path_is_good(req, path)) {
		zj_error("file", "a row's path lies outside of its tenant's store path=%s", zj_log_esc(path));
		return api_fail(req, RES_P_NOT_FOUND, "there is no such fax");
	}
	char *download = res_query_get(req->query, "download");
	snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s.%s\"", req->arg[0], end);
	a.disposition = download ? disposition : NULL;
	zj_deref(download);
	a.tries[0].path = zj_asprintf("%s/%s", req->api->conf.store, path);
	if (a.tries[0].path)
		api_file_send(req, &a);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
}

static void send_pdf(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	send_pages(req, "application/pdf", "pdf", results[0]);
}

static void send_tiff(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	send_pages(req, "image/tiff", "tif", results[0]);
}

void api_fax_file_h(struct api_req *req)
{
	char *format = res_query_get(req->query, "format");
	bool tiff = format && strcmp(format, "tiff") == 0, pdf = !format || strcmp(format, "pdf") == 0;
	zj_deref(format);
	if (!req->res || !req->res->select[req->who.role])
		return api_fail(req, RES_P_PERMISSION, "faxes belong to a tenant: enter one with X-Zj-Tenant");
	if (!tiff && !pdf)
		return api_fail(req, RES_P_INVALID, "format: pdf or tiff");
	zj_info("audit", "read fax=%s account=%s", zj_log_esc(req->arg[0]), req->who.account);
	if (tiff)
		api_with_path(req, "path", send_tiff);
	else
		api_with_path(req, "pdf_path", send_pdf);
}
