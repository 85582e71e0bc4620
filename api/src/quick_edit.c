#include "api.h"
void api_quick_edit_h(struct api_req *req)
{
	api_fail(req, RES_P_NOT_FOUND, "not yet");
}
