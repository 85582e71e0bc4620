#include "source.h"
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const wk_format_names[WK_FORMATS] = {"csv", "xlsx"};

static int find_format(struct wk_source *s, const char *said, struct wk_fault *f)
{
	unsigned char head[8] = {0};
	ssize_t n = pread(s->fd, head, sizeof(head), 0);

	if (n < 0)
		return EIO;
	if (n == 0)
		return wk_fault_set(f, "upload_id", "empty", "文件是空的", "the file is empty");
	if (n == 8 && memcmp(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0)
		return wk_fault_set(f, "upload_id", "format", "这是旧版 XLS 或加密的文件，请另存为不加密的 XLSX",
				    "this is an old XLS file or an encrypted one; save it as XLSX without a password");
	s->format = memcmp(head, "PK\3\4", 4) == 0 ? WK_XLSX : WK_CSV;
	if (said && *said && strcasecmp(said, wk_format_names[s->format]) != 0)
		return wk_fault_set(f, "format", "format", "文件不是这种格式", "the file has another format");
	return 0;
}

int wk_source_open(struct wk_source *s, const struct wk_source_args *a, struct wk_fault *f)
{
	struct stat st;
	const char *d = a->delimiter ? a->delimiter : "";
	int sheet;

	*s = (struct wk_source){.fd = a->fd};
	if (fstat(a->fd, &st))
		return errno;
	s->bytes = (uint64_t)st.st_size;
	int err = find_format(s, a->format, f);
	if (err)
		return err;
	if (s->format == WK_CSV)
		return wk_csv_open(&s->csv, s->fd, a->encoding, strcasecmp(d, "tab") == 0 ? '\t' : *d, f);
	err = wk_xlsx_alloc(&s->xlsx, s->fd, a->tmp, f);
	if (err)
		return err;
	sheet = wk_xlsx_find(s->xlsx, a->sheet, f);
	if (sheet < 0) {
		wk_source_close(s);
		return EINVAL;
	}
	s->sheet = (size_t)sheet;
	return 0;
}

int wk_source_read(struct wk_source *s, wk_row_h *h, void *arg, struct wk_fault *f)
{
	return s->format == WK_CSV ? wk_csv_read(&s->csv, s->fd, h, arg, f)
				   : wk_xlsx_read(s->xlsx, s->sheet, h, arg, f);
}

uint64_t wk_source_estimate(const struct wk_source *s, uint64_t line)
{
	uint64_t n;

	if (s->format == WK_CSV)
		n = s->csv.at ? (uint64_t)((double)line * (double)s->bytes / (double)s->csv.at) : line;
	else if (!s->xlsx)
		n = 0;
	else
		n = wk_xlsx_rows(s->xlsx) < 1048576 ? wk_xlsx_rows(s->xlsx) : line;
	return n > line ? n : line;
}

void wk_source_close(struct wk_source *s)
{
	wk_csv_close(&s->csv);
	s->xlsx = zj_deref(s->xlsx);
}
