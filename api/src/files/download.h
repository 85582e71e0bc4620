/* Files of the store as answers: named, typed, and harmless in a browser. */
#ifndef API_DOWNLOAD_H
#define API_DOWNLOAD_H
#include "server/api.h"

/* Sends store/<path>, which must lie in the folder of `tenant` (else 404, and an error in the log). `name` is what the
 * browser calls it; `type` its media type, NULL: by the name. Pictures, sounds and PDF are shown in place, all else
 * (and everything with ?download=1) is an attachment; scripts in it never run. */
void api_download(struct api_req *req, const char *tenant, const char *path, const char *name, const char *type);
#endif
