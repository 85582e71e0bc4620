#include "files/multipart.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool api_multipart_boundary(const char *content_type, char out[72])
{
	if (strncasecmp(content_type, "multipart/form-data", 19) != 0)
		return false;
	const char *p = strcasestr(content_type, "boundary=");
	if (!p)
		return false;
	p += 9;
	bool quoted = *p == '"';
	p += quoted;
	size_t n = strcspn(p, quoted ? "\"" : "; \t");
	if (n == 0 || n > 70)
		return false;
	memcpy(out, p, n);
	out[n] = 0;
	return true;
}

static const char *find(const char *p, const char *end, const char *what, size_t n)
{
	return p <= end ? memmem(p, (size_t)(end - p), what, n) : NULL;
}

/* Does the part's header block name it so? Content-Disposition: form-data; name="file"; filename="x.wav" */
static bool is_named(const char *head, size_t n, const char *name)
{
	char want[140];
	int len = snprintf(want, sizeof(want), " name=\"%s\"", name);
	const char *p = len > 0 && (size_t)len < sizeof(want) ? memmem(head, n, want, (size_t)len) : NULL;
	return p != NULL;
}

bool api_multipart_find(const char *body, size_t n, const char *boundary, const char *name, struct api_part *part)
{
	char line[80];
	size_t line_n = (size_t)snprintf(line, sizeof(line), "\r\n--%s", boundary);
	const char *end = body + n, *p = body;
	/* the first delimiter has no CRLF before it */
	if (n >= line_n - 2 && memcmp(body, line + 2, line_n - 2) == 0)
		p = body + line_n - 2;
	else if ((p = find(body, end, line, line_n)))
		p += line_n;
	while (p && end - p >= 2 && memcmp(p, "--", 2) != 0) {
		const char *head = find(p, end, "\r\n", 2), *data = head ? find(head, end, "\r\n\r\n", 4) : NULL;
		const char *next = data ? find(data + 2, end, line, line_n)
					: NULL; /* an empty part's CRLF is also the delimiter's */
		if (!next)
			return false;
		data += 4;
		if (is_named(head, (size_t)(data - head), name)) {
			*part = (struct api_part){data, next > data ? (size_t)(next - data) : 0};
			return true;
		}
		p = next + line_n;
	}
	return false;
}
