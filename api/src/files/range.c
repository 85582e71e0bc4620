#include "files/file.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool number(const char **p, uint64_t *n)
{
	char *end;
	if (!isdigit((unsigned char)**p))
		return false;
	*n = strtoull(*p, &end, 10);
	*p = end;
	return true;
}

int api_range_read(const char *header, uint64_t size, struct api_range *r)
{
	uint64_t a, b;
	if (!header || strncmp(header, "bytes=", 6) != 0)
		return 0;
	const char *p = header + 6;
	if (*p == '-') {
		p++;
		if (!number(&p, &a) || *p)
			return 0;
		if (a == 0 || size == 0)
			return -1;
		*r = (struct api_range){a < size ? size - a : 0, size - 1};
		return 1;
	}
	if (!number(&p, &a) || *p++ != '-')
		return 0;
	if (!*p)
		b = UINT64_MAX;
	else if (!number(&p, &b) || *p || b < a)
		return 0;
	if (a >= size)
		return -1;
	*r = (struct api_range){a, b < size ? b : size - 1};
	return 1;
}

const char *api_mime(const char *path)
{
	static const struct {
		const char *ext, *type;
	} types[] = {{".html", "text/html; charset=utf-8"},
		     {".js", "text/javascript; charset=utf-8"},
		     {".css", "text/css; charset=utf-8"},
		     {".json", "application/json"},
		     {".svg", "image/svg+xml"},
		     {".png", "image/png"},
		     {".jpg", "image/jpeg"},
		     {".ico", "image/x-icon"},
		     {".woff2", "font/woff2"},
		     {".woff", "font/woff"},
		     {".map", "application/json"},
		     {".txt", "text/plain; charset=utf-8"},
		     {".wav", "audio/wav"},
		     {".mp3", "audio/mpeg"},
		     {".opus", "audio/ogg"},
		     {".webmanifest", "application/manifest+json"},
		     {".wasm", "application/wasm"}};
	size_t n = strlen(path);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(types); i++) {
		size_t e = strlen(types[i].ext);
		if (n > e && strcmp(path + n - e, types[i].ext) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}
