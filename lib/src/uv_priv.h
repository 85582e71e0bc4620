/* Handles that are objects: the closing handle holds the owner's reference. */
#ifndef ZJ_UV_PRIV_H
#define ZJ_UV_PRIV_H
#include "zj_obj.h"
#include <uv.h>

static inline void zj_uv_free_h(uv_handle_t *h)
{
	zj_deref(h);
}
#endif
