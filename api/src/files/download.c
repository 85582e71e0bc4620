#include "files/download.h"
#include "files/file.h"
#include "zj_log.h"
#include <string.h>

/* Below the tenant's folder, without tricks: the database says so, but a mistake there must not open the disk. */
static bool path_is_good(const char *tenant, const char *path)
{
	size_t n = strlen(tenant);
	return strncmp(path, tenant, n) == 0 && path[n] == '/' && !strstr(path, "/.") && !strstr(path, "//") &&
	       !strchr(path, '\\');
}

/* RFC 6266: the name in ASCII for old clients, and whole in UTF-8. */
static char *disposition(const char *kind, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+.^_`|~-";
	struct res_buf b = {0};
	res_buf_printf(&b, "%s; filename=\"", kind);
	for (const char *s = name; *s; s++)
		res_buf_addn(&b, strchr(plain, *s) || *s == ' ' ? s : "_", ((unsigned char)*s & 0xc0) != 0x80);
	res_buf_add(&b, "\"; filename*=UTF-8''");
	for (const char *s = name; *s; s++) {
		if (strchr(plain, *s))
			res_buf_addn(&b, s, 1);
		else
			res_buf_printf(&b, "%%%02X", (unsigned char)*s);
	}
	char *out = b.failed ? NULL : zj_strdup(b.p);
	res_buf_free(&b);
	return out;
}

/* What a browser may show in place: nothing that could carry a script. */
static const char *const in_place[] = {"image/png", "image/jpeg", "image/gif",  "image/webp",
				       "image/bmp", "audio/wav",  "audio/mpeg", "audio/ogg",
				       "video/mp4", "text/plain", "audio/mp4",  "video/webm"};

/* The type as one of our own texts (h2o keeps it): what is not known is bytes. */
static const char *shown_type(const char *type)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(in_place); i++)
		if (strcmp(in_place[i], type) == 0)
			return in_place[i];
	return NULL;
}

static const char *type_of_name(const char *name)
{
	static const struct {
		const char *ext, *type;
	} types[] = {{".csv", "text/csv; charset=utf-8"},
		     {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		     {".gz", "application/gzip"},
		     {".zip", "application/zip"}};
	size_t n = strlen(name);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(types); i++) {
		size_t e = strlen(types[i].ext);
		if (n > e && strcmp(name + n - e, types[i].ext) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

void api_download(struct api_req *req, const char *tenant, const char *path, const char *name, const char *type)
{
	struct api_file_args a = {.cache = "private, no-cache", .n = 1};
	if (!path_is_good(tenant, path)) {
		zj_error("file", "a row's path lies outside of its tenant's store path=%s", zj_log_esc(path));
		return api_fail(req, RES_P_NOT_FOUND, "there is no such file");
	}
	char *wanted = res_query_get(req->query, "download");
	const char *shown = type && !wanted ? shown_type(type) : NULL;
	char *text = disposition(shown ? "inline" : "attachment", name);
	a.type = shown ? shown : type_of_name(name);
	a.disposition = text;
	a.tries[0].path = zj_asprintf("%s/%s", req->api->conf.store, path);
	zj_deref(wanted);
	api_header(req, "content-security-policy", "default-src 'none'; sandbox");
	if (a.tries[0].path && text)
		api_file_send(req, &a);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	zj_deref(text);
}
