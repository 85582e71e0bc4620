/* SIP codes and Q.850 causes (RFC 3398), and the Reason header (RFC 3326). Pure. */
#ifndef MD_CAUSE_H
#define MD_CAUSE_H
#include <stddef.h>

int md_cause_of_code(int sip_code);
const char *md_code_phrase(int sip_code);
/* `Q.850;cause=16;text="…"`. Text is cut and cleaned. */
void md_reason_write(char *out, size_t size, int cause, const char *text);
/* The Q.850 cause in a Reason header's value, or 0. */
int md_reason_cause(const char *value);
#endif
