/* A recording: a ring that media threads fill by RTP time and the writer thread empties into a WAV file. The ring is
 * the jitter buffer: late and reordered packets fall into their place, several speakers of one track are added up, and
 * what never came is silence. The file is valid at every moment: samples are written first, then the sizes in its
 * header.
 *
 * Life: control makes it (two references: its own and the writer's), lends it to one stream or room of one media thread
 * until that thread gives it back with a note, and hears MD_NOTE_REC_CLOSED last. `pos` is samples since the recording
 * began. */
#ifndef MD_REC_H
#define MD_REC_H
#include "media/codec.h"
#include "media/rtp.h"
#include <pthread.h>
#include <stdatomic.h>
#include <zj_seal.h>

#define MD_REC_RING   8192u /* samples a track: 1.02 s */
#define MD_REC_BEHIND 2400  /* samples the writer stays behind now: 300 ms for late packets */
#define MD_WAV_HEADER ZJ_WAV_HEADER

enum md_rec_end { MD_REC_STOPPED, MD_REC_MAX, MD_REC_SILENCE, MD_REC_TERM, MD_REC_HUNGUP, MD_REC_DISK, MD_REC_KEY };
extern const char *const md_rec_end_names[];

/* With which key it is sealed (zj_seal.h); an empty id: it is not. */
struct md_rec_key {
	const char *keys; /* the installation's key file; borrowed */
	char tenant[ZJ_UUID_SIZE], id[ZJ_UUID_SIZE], wrapped[ZJ_SEAL_WRAPPED];
};

struct md_rec {
	void *owner;             /* control's */
	unsigned channels;       /* 1 or 2 */
	int64_t start_us;        /* monotonic clock at position 0 */
	_Atomic int64_t taken;   /* the writer has emptied the ring up to here */
	_Atomic int64_t put;     /* last position put in: hands the samples before it to the writer */
	_Atomic int64_t stop_at; /* -1: goes on; else the last position */
	atomic_int end;          /* enum md_rec_end, said by whoever stops it */
	_Atomic bool paused;     /* what comes is not put in */
	int64_t max_samples;     /* 0: until stopped */
	int64_t silence_samples; /* 0: never */
	int32_t gain_q12[2];     /* of left and right, as the file gets them; 0: as it was spoken */
	char path[1024];         /* below the store */
	struct md_rec_key key;
	/* writer */
	int fd;
	struct zj_seal *seal; /* has fd then */
	int64_t written, loud_at;
	bool told; /* control has been asked to detach it */
	char because[96];
	struct md_rec *next;
	int16_t ring[]; /* MD_REC_RING samples of each channel; zero where nothing came */
};

/* Where a stream's RTP time lies on a recording's time; one for each pair. */
struct md_rec_track {
	bool set;
	unsigned clock; /* of `ts`; 0: 8000 */
	uint32_t ts;
	int64_t pos;
};

int md_rec_alloc(struct md_rec **rp, unsigned channels, const char *path);
void md_rec_free(struct md_rec *r);
static inline int16_t *md_rec_ring(struct md_rec *r, unsigned channel)
{
	return r->ring + (size_t)channel * MD_REC_RING;
}
static inline int64_t md_rec_pos(const struct md_rec *r, int64_t mono_us)
{
	return (mono_us - r->start_us) * (MD_RATE / 1000) / 1000;
}
/* Adds a packet's samples to a channel. Media thread; never blocks. */
void md_rec_put(struct md_rec *r, struct md_rec_track *t, unsigned channel, uint32_t ts, const int16_t *pcm, size_t n,
		int64_t mono_us);
/* Fetches the place where such a packet would be put. */
void md_rec_ahead(struct md_rec *r, const struct md_rec_track *t, unsigned channel, uint32_t ts, int64_t mono_us);
/* Louder or softer in the file, before it is given to the writer: left or the only channel, right; ±MD_REC_GAIN dB. */
#define MD_REC_GAIN 20
void md_rec_gain(struct md_rec *r, int64_t left_db, int64_t right_db);
/* Ends it at its present position; the first to say so names the reason. Any thread. */
void md_rec_stop(struct md_rec *r, enum md_rec_end end, int64_t mono_us);

/* The header of a WAV file with so many bytes of samples. */
static inline void md_wav_header(uint8_t h[MD_WAV_HEADER], unsigned channels, uint32_t data_bytes)
{
	zj_wav_header(h, channels, MD_RATE, data_bytes);
}

/* ---- the writer thread ---- */
struct md_writer;
/* `ended_h` (writer's thread): control must detach the recording from its stream or room (it ended by itself);
 * `closed_h`: the file is closed; the recording is control's alone. */
typedef void(md_rec_h)(struct md_rec *r, void *arg);
int md_writer_alloc(struct md_writer **wp, const char *store, md_rec_h *ended_h, md_rec_h *closed_h, void *arg);
void md_writer_add(struct md_writer *w, struct md_rec *r);
/* After the media thread let go of it: write the rest and close. */
void md_writer_close_rec(struct md_writer *w, struct md_rec *r);
void md_writer_free(struct md_writer *w); /* writes and closes everything first */
#endif
