/*
 * Bytes are never generated while measuring: messages are sent from, and
 * replies compared with, a table whose period is not a multiple of any message
 * size in use, so that a lost, doubled or moved message shows.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_PERIODS = 1021, ODD_PERIOD = 65521, SOURCE_PERIOD = 65536 };

static unsigned char *table;
static uint64_t period;

static unsigned char random_byte(void) {
  static uint64_t state = 0x9e3779b97f4a7c15u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (unsigned char)(state >> 32);
}

static unsigned char pattern_byte(uint64_t i) {
  if (!strcmp(settings.pattern, "source")) return (unsigned char)(i * 31 + (i >> 8));
  if (strcmp(settings.pattern, "lines")) return random_byte();
  if (i % (uint64_t)settings.size == (uint64_t)settings.size - 1) return '\n';
  return (unsigned char)('a' + random_byte() % 26);
}

void pattern_init(void) {
  period = ODD_PERIOD;
  if (!strcmp(settings.pattern, "source")) period = SOURCE_PERIOD;
  if (!strcmp(settings.pattern, "lines")) period = (uint64_t)settings.size * LINE_PERIODS;
  table = aligned_alloc(4096, (period + RUN_BYTES + 4095) / 4096 * 4096);
  if (table == NULL) fail("pattern");
  for (uint64_t i = 0; i < period; i++) table[i] = pattern_byte(i);
  for (uint64_t i = period; i < period + RUN_BYTES; i++) table[i] = table[i - period];
}

const unsigned char *pattern_at(uint64_t position) { return table + position % period; }

void pattern_check(const unsigned char *data, uint64_t position, size_t length) {
  if (memcmp(data, pattern_at(position), length) != 0) count_error("bytes came back changed");
}
