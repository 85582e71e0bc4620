/* A leg's audio for somebody who is no media thread (fax, call progress): what is heard as narrow samples with their
 * RTP time, and what shall be said, frame by frame. Two rings, each with one writer and one reader, no lock. What does
 * not fit is lost, as on the network.
 *
 * Life: control makes it and lends it to one stream (md_stream_tap) until MD_NOTE_TAP_BACK; the other end of its rings
 * may use it as long as control keeps it. */
#ifndef MD_TAP_H
#define MD_TAP_H
#include "media/codec.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MD_TAP_HEARD 64u /* frames: 1.28 s at 20 ms a packet */
#define MD_TAP_SAID  16u
#define MD_TAP_DATA  32u /* datagrams */
#define MD_TAP_BYTES 400

struct md_tap_frame {
	uint32_t ts; /* in narrow samples */
	uint16_t n;
	int16_t pcm[MD_FRAME];
};

/* Datagrams as they are (T.38), when the leg carries no audio. */
struct md_tap_data {
	uint16_t len;
	uint8_t bytes[MD_TAP_BYTES];
};
struct md_tap_queue {
	_Atomic unsigned put, taken; /* count for ever */
	struct md_tap_data at[MD_TAP_DATA];
};

struct md_tap {
	void *owner;
	bool speaks; /* the leg is sent what is put in, and silence when nothing is */
	_Atomic unsigned heard_put, heard_taken, said_put, said_taken; /* count for ever */
	_Atomic unsigned starved;                                      /* frames that were due and not there */
	struct md_tap_frame heard[MD_TAP_HEARD];
	int16_t said[MD_TAP_SAID][MD_FRAME];
	struct md_tap_queue came, goes;
};

/* Media thread. `clock`: of `ts`. */
void md_tap_hear(struct md_tap *t, uint32_t ts, unsigned clock, const int16_t *pcm, size_t n);
void md_tap_say(struct md_tap *t, int16_t pcm[MD_FRAME]); /* the next frame, or silence */

/* One end each; what is too long or too much is lost. NULL: nothing; what is shown stays until it is dropped. */
void md_tap_queue_put(struct md_tap_queue *q, const uint8_t *bytes, size_t len);
const struct md_tap_data *md_tap_queue_next(const struct md_tap_queue *q);
void md_tap_queue_drop(struct md_tap_queue *q);

/* The other end. NULL: nothing. What is shown stays until it is dropped. */
const struct md_tap_frame *md_tap_next(const struct md_tap *t);
void md_tap_drop(struct md_tap *t);
unsigned md_tap_waiting(const struct md_tap *t); /* frames that wait to be said */
void md_tap_put(struct md_tap *t, const int16_t pcm[MD_FRAME]);
#endif
