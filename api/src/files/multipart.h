/* multipart/form-data (RFC 7578): finds one part by name in a whole body. */
#ifndef API_MULTIPART_H
#define API_MULTIPART_H
#include <stdbool.h>
#include <stddef.h>

struct api_part {
	const char *data; /* into the body */
	size_t n;
};
/* The boundary of a Content-Type; false: not multipart, or none. RFC 2046 5.1.1: at most 70 characters. */
bool api_multipart_boundary(const char *content_type, char out[72]);
bool api_multipart_find(const char *body, size_t n, const char *boundary, const char *name, struct api_part *part);
#endif
