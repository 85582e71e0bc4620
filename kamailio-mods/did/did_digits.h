/* What numbers a rule is about: one number, all with a prefix, a range, a pattern. */
#ifndef DID_DIGITS_H
#define DID_DIGITS_H
#include "zk_text.h"

enum did_match { DID_ANY, DID_NUMBER, DID_GROUP, DID_PREFIX, DID_RANGE, DID_PATTERN, DID_ANONYMOUS, DID_MATCHES };
/* By the schema's words; DID_MATCHES: no such word. */
enum did_match did_match_of(const char *word);
const char *did_match_name(enum did_match m);

/* A number without its plus, as it is compared. */
const char *did_digits(const char *number);

/* `text` without pluses: "0215000", "02150001000-02150001999", "0215000[0-4]XX." (docs/operator.md). False: it is none
 * of that kind. */
bool did_criterion_is_good(enum did_match m, const char *text);
/* How many characters all its numbers begin with: by those a rule is found. */
unsigned did_head(enum did_match m, const char *text);
bool did_fits(enum did_match m, const char *text, const char *digits);
/* Larger is more to the point, within one kind of match. */
uint64_t did_precision(enum did_match m, const char *text);
#endif
