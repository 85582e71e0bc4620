/* A sound on its way into the store: written aside, converted (or spoken) by a child, measured, put in place. */
#ifndef API_UPLOAD_H
#define API_UPLOAD_H
#include "zj_time.h"
#include <stddef.h>
#include <stdint.h>

struct api;
struct api_upload {
	int err;        /* 0; EINVAL: this is no sound (`why`); else the errno of a failure of ours */
	char why[200];  /* the converter's sentence */
	char path[200]; /* below the store */
	char full[700]; /* the finished file */
	int64_t bytes, duration_ms;
	char sha256[65];
	char format[8]; /* wav, mp3 … of the original; tts */
	double source_lufs, lufs;
};
typedef void(api_upload_h)(struct api_upload *u /* borrowed */, void *arg);
/* What becomes a sound; the first that is set. All stay valid until the handler ran (the request holds them). */
struct api_upload_from {
	const char *text, *lang; /* spoken */
	const char *path;        /* an upload's file, below the store */
	const char *data;
	size_t n;
};
/* The file becomes store/<tenant>/prompts/<name>.wav */
int api_upload_start(struct api *api, const char *tenant, const char *name, const struct api_upload_from *from,
		     api_upload_h *h, void *arg);
/* Removes a file of the store after a while: somebody may be playing it. `path` below the store; copied. */
void api_upload_forget(struct api *api, const char *path);
#endif
