/* CSV files of strangers: any bytes, any encoding. */
#include "csv_in.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_row(const struct wk_row *row, void *arg)
{
	uint64_t *last = arg;
	size_t all = 0;

	for (size_t i = 0; i < row->n; i++)
		all += row->cells[i].n;
	if (row->n > WK_COLUMNS_MAX || all > WK_ROW_MAX || row->line <= *last)
		abort();
	*last = row->line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const encodings[] = {NULL, "utf-8", "gb18030", "utf-16le", "utf-16be"};
	int fd = memfd_create("csv", 0);
	struct wk_fault f = {0};
	struct wk_csv csv = {0};
	uint64_t last = 0;

	if (size > 1 && write(fd, data + 1, size - 1) == (ssize_t)size - 1 &&
	    wk_csv_open(&csv, fd, encodings[data[0] % 5], 0, &f) == 0 && wk_csv_read(&csv, fd, on_row, &last, &f) &&
	    !*f.en)
		abort(); /* a refusal says why */
	wk_csv_close(&csv);
	close(fd);
	return 0;
}
