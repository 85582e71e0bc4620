/* The built-in music: sixteen seconds of quiet chords, 8 kHz mono, made once. */
#include "shell/daemon.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RATE    8000
#define CHORD_S 4
#define CHORDS  4
#define SAMPLES (RATE * CHORD_S * CHORDS)

/* C major seventh, A minor seventh, D minor seventh, G seventh; plucked one note after the other. */
static const double chords[CHORDS][4] = {{261.63, 329.63, 392.00, 493.88},
					 {220.00, 261.63, 329.63, 392.00},
					 {293.66, 349.23, 440.00, 523.25},
					 {196.00, 246.94, 293.66, 349.23}};

static double note(double hz, double t)
{
	double fade = exp(-t * 1.4) * (1 - exp(-t * 80));

	return t < 0 ? 0 : fade * (sin(2 * M_PI * hz * t) + 0.3 * sin(4 * M_PI * hz * t));
}

static int16_t sample(int i)
{
	double t = (double)i / RATE, v = 0;
	int chord = i / (RATE * CHORD_S);

	for (int c = 0; c < 2;
	     c++) { /* this chord, and what still rings of the one before, so that the loop has no seam */
		int k = (chord + CHORDS - c) % CHORDS;
		double since = t - chord * CHORD_S + c * CHORD_S;

		for (int pluck = 0; pluck < 8; pluck++)
			v += note(chords[k][pluck % 4] * (pluck < 4 ? 1 : 2), since - pluck * 0.5);
	}
	return (int16_t)(v * 4500);
}

static void put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static void header(unsigned char h[44])
{
	static const unsigned char fmt[16] = {
		1, 0, 1, 0, RATE & 255, RATE >> 8, 0, 0, (RATE * 2) & 255, (RATE * 2) >> 8, 0, 0, 2, 0, 16, 0};

	memcpy(h, "RIFF....WAVEfmt ", 16);
	put32(h + 4, 36 + SAMPLES * 2);
	put32(h + 16, 16);
	memcpy(h + 20, fmt, 16);
	memcpy(h + 36, "data", 4);
	put32(h + 40, SAMPLES * 2);
}

int acd_music_make(const char *path)
{
	char beside[4200];
	unsigned char h[44];
	FILE *f;
	int err = 0;

	if (!access(path, R_OK))
		return 0;
	snprintf(beside, sizeof(beside), "%s.%d", path, (int)getpid());
	f = fopen(beside, "wb");
	if (!f)
		return errno;
	header(h);
	fwrite(h, 1, sizeof(h), f);
	for (int i = 0; i < SAMPLES; i++) {
		int16_t v = sample(i);
		unsigned char le[2] = {(unsigned char)(v & 255), (unsigned char)((uint16_t)v >> 8)};

		fwrite(le, 1, 2, f);
	}
	if (ferror(f))
		err = EIO;
	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(beside, path))
		err = errno;
	return err;
}
