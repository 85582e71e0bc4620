/* Inside of xlsx_in.c and its helpers: parts of the package, styles, shared strings. */
#ifndef WK_XLSX_PART_H
#define WK_XLSX_PART_H
#include "xlsx_in.h"
#include <expat.h>
#include <zip.h>

struct wk_part {
	const char *name;
	XML_StartElementHandler start;
	XML_EndElementHandler end;
	XML_CharacterDataHandler text;
	void *arg;
	const int *stop; /* non-zero: read no further; its value is returned */
};
/* Streams one part of the package through expat. ENOENT: there is no such part. EINVAL with a fault. */
int wk_part_read(zip_t *zip, const struct wk_part *p, struct wk_fault *f) ZJ_MUST_CHECK;
/* The local name of an element or attribute: after the namespace separator. */
const char *wk_xml_name(const char *name);
const char *wk_xml_attr(const char **attrs, const char *name); /* NULL: not there */

/* How a cell's number is to be shown. */
enum wk_style { WK_NUMBER, WK_DATE, WK_TIME, WK_DATETIME };
enum wk_style wk_style_of_id(long id);            /* built-in formats */
enum wk_style wk_style_of_code(const char *code); /* formats of the file's own */
/* Writes the number as a text, which is at most 40 bytes. */
size_t wk_style_print(char out[48], const char *number, enum wk_style style, bool date1904);

/* Shared strings: added in order, asked for by number. */
struct wk_strings;
int wk_strings_alloc(struct wk_strings **sp, int tmp /* borrowed */) ZJ_MUST_CHECK;
void wk_strings_more(struct wk_strings *s, const char *p, size_t n); /* bytes of the string that is being added */
int wk_strings_end(struct wk_strings *s) ZJ_MUST_CHECK;              /* EFBIG: too many or too large */
/* Hands the text to `row`; false: no such string. */
bool wk_strings_give(struct wk_strings *s, uint64_t i, struct wk_rowbuf *row);
#endif
