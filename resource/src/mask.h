/* Masks of personal data: the same text as zj_mask() makes in the database. */
#ifndef RES_MASK_H
#define RES_MASK_H
#include "zj_obj.h"

/* X(enum, kind) */
#define RES_MASKS(X)                                                                                                   \
	X(RES_MASK_PHONE, "phone")                                                                                     \
	X(RES_MASK_EMAIL, "email")                                                                                     \
	X(RES_MASK_ID, "id")                                                                                           \
	X(RES_MASK_NAME, "name")                                                                                       \
	X(RES_MASK_ALL, "all")
enum res_mask {
	RES_MASK_NO,
#define X(e, n) e,
	RES_MASKS(X)
#undef X
		RES_MASK_COUNT
};
extern const char *const res_mask_names[RES_MASK_COUNT];
enum res_mask res_mask_find(const char *kind);             /* RES_MASK_NO: no such kind (or NULL) */
char *res_mask_text(enum res_mask kind, const char *text); /* an object */
#endif
