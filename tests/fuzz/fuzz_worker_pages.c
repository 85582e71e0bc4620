/* A TIFF of a stranger that shall be faxed: refused with a reason, or pages of one of three widths. */
#include "pages.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wk_pages p;
	int in = memfd_create("in", 0), out = memfd_create("out", 0);
	if (in < 0 || out < 0 || write(in, data, size) != (ssize_t)size)
		abort();
	int err = wk_pages_write(in, out, 4, &p);
	if (!err && (!p.pages || p.pages > 4 || (p.width != 1728 && p.width != 2048 && p.width != 2432)))
		abort();
	close(in);
	close(out);
	return 0;
}
