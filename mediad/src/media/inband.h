/* DTMF as tones in the audio (ITU-T Q.23, Q.24): hearing it by spandsp's detector, making it. */
#ifndef MD_INBAND_H
#define MD_INBAND_H
#include "media/codec.h"
#include "media/dtmf.h"

struct md_inband;
int md_inband_alloc(struct md_inband **ip) ZJ_MUST_CHECK;
void md_inband_free(struct md_inband *i); /* accepts NULL */
/* Narrow audio in its order. True: something is in `h`; then ask again with n = 0 until it says false. */
bool md_inband_hear(struct md_inband *i, const int16_t *pcm, size_t n, struct md_dtmf_heard *h);

/* A frame (MD_FRAME, narrow) of a key's two tones, at −6 and −8 dBm0; `at`: samples since the key went down. */
void md_inband_make(char digit, unsigned at, int16_t *pcm);
#endif
