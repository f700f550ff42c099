/* Log-linear buckets, 64 to each power of two, as in HdrHistogram. */
#include "load.h"

#include <stdio.h>
#include <string.h>

enum { SUB_BITS = 6, SUB = 1 << SUB_BITS, BUCKETS = 64 * SUB };

static uint64_t buckets[BUCKETS];
static uint64_t total, sum, largest;

void histogram_reset(void) {
  memset(buckets, 0, sizeof buckets);
  total = sum = largest = 0;
}

static unsigned bucket_of(uint64_t ns) {
  if (ns < SUB) return (unsigned)ns;
  unsigned exponent = 63 - (unsigned)__builtin_clzll(ns);
  return (exponent - SUB_BITS + 1) * SUB + (unsigned)((ns >> (exponent - SUB_BITS)) & (SUB - 1));
}

static uint64_t middle_of(unsigned bucket) {
  if (bucket < SUB) return bucket;
  unsigned exponent = bucket / SUB - 1;
  uint64_t low = (uint64_t)(SUB + bucket % SUB) << exponent;
  return low + ((1ull << exponent) >> 1);
}

void histogram_record(uint64_t ns) {
  buckets[bucket_of(ns)]++;
  total++;
  sum += ns;
  if (ns > largest) largest = ns;
}

static double quantile_us(double fraction) {
  uint64_t wanted = (uint64_t)(fraction * (double)total);
  uint64_t seen = 0;
  for (unsigned i = 0; i < BUCKETS; i++) {
    seen += buckets[i];
    if (seen > wanted) return (double)middle_of(i) / 1000;
  }
  return (double)largest / 1000;
}

void histogram_print(void) {
  if (total == 0) {
    printf("\"latencyUs\":null");
    return;
  }
  double mean = (double)sum / (double)total / 1000;
  printf("\"latencyUs\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,\"mean\":%.1f}", quantile_us(0.5),
         quantile_us(0.9), quantile_us(0.99), quantile_us(0.999), (double)largest / 1000, mean);
}
