/*
 * Log-linear buckets, 64 to each power of two, as in HdrHistogram.
 *
 * A window may be cut into slices. What is printed then is, for each quantile, the
 * median over the slices: a stall of the machine spoils the slices it falls into,
 * one that the server brings about again and again is in most of them.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUB_BITS = 6, SUB = 1 << SUB_BITS, BUCKETS = 64 * SUB, MAX_SLICES = 1024 };

static const struct { const char *name; double fraction; } quantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999},
};
enum { QUANTILES = sizeof quantiles / sizeof *quantiles };

static uint64_t buckets[BUCKETS];
static uint64_t total;   /* in the buckets */
static uint64_t largest; /* of all slices */
static double slices[QUANTILES][MAX_SLICES]; /* microseconds */
static size_t slice_count;

static void empty_buckets(void) {
  memset(buckets, 0, sizeof buckets);
  total = 0;
}

void histogram_reset(void) {
  empty_buckets();
  largest = slice_count = 0;
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

void histogram_cut(void) {
  if (total == 0 || slice_count == MAX_SLICES) return;
  for (size_t i = 0; i < QUANTILES; i++) slices[i][slice_count] = quantile_us(quantiles[i].fraction);
  slice_count++;
  empty_buckets();
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, ascending);
  return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

void histogram_print(void) {
  histogram_cut();
  if (slice_count == 0) {
    printf("\"latencyUs\":null");
    return;
  }
  printf("\"latencyUs\":{");
  for (size_t i = 0; i < QUANTILES; i++) printf("\"%s\":%.1f,", quantiles[i].name, median(slices[i], slice_count));
  printf("\"max\":%.1f}", (double)largest / 1000);
}
