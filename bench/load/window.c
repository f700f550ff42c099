/*
 * The steady window. The generator itself reads the server's CPU time at both
 * ends, so no other process has to be scheduled at the right moment.
 *
 * Total: the sum of field 1 of /proc/PID/task/TID/schedstat, nanoseconds of
 * running (Documentation/scheduler/sched-stats.rst). User and system: fields 14
 * and 15 of /proc/PID/stat, which the kernel scales to the same total but gives
 * in ticks of 10 ms and, on a tick-accounting kernel, finds by sampling; only
 * their ratio is used, summed over all rounds.
 */
#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t LONGEST_WARMUP_NS = 10ull * 1000 * 1000 * 1000;

enum phase window_phase = WARMING;

static uint64_t opened_at, started_at, slice_at;
static struct sample { double total, user, system, own; } before;

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static double thread_seconds(const char *tid) {
  char path[300];
  unsigned long long ns = 0;
  snprintf(path, sizeof path, "/proc/%ld/task/%s/schedstat", settings.pid, tid);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0; /* the thread ended meanwhile */
  if (fscanf(file, "%llu", &ns) != 1) ns = 0;
  fclose(file);
  return (double)ns / 1e9;
}

static double process_seconds(void) {
  char path[64];
  double total = 0;
  snprintf(path, sizeof path, "/proc/%ld/task", settings.pid);
  DIR *directory = opendir(path);
  if (directory == NULL) fail("the server's /proc/PID/task");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (entry->d_name[0] != '.') total += thread_seconds(entry->d_name);
  closedir(directory);
  return total;
}

static void split_seconds(double *user, double *system) {
  char path[64], text[1024];
  unsigned long long user_ticks = 0, system_ticks = 0;
  snprintf(path, sizeof path, "/proc/%ld/stat", settings.pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) fail("the server's /proc/PID/stat");
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  const char *rest = strrchr(text, ')'); /* the name may hold anything */
  if (rest == NULL || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user_ticks, &system_ticks) != 2)
    fail("the server's /proc/PID/stat has an unknown form");
  double hertz = (double)sysconf(_SC_CLK_TCK);
  *user = (double)user_ticks / hertz;
  *system = (double)system_ticks / hertz;
}

static struct sample take_sample(void) {
  struct sample sample = {0};
  struct timespec own;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  sample.own = (double)own.tv_sec + (double)own.tv_nsec / 1e9;
  if (settings.pid > 0) {
    sample.total = process_seconds();
    split_seconds(&sample.user, &sample.system);
  }
  return sample;
}

void window_open(void) { opened_at = now_ns(); }

static bool is_warm(uint64_t now) {
  if (now - opened_at >= LONGEST_WARMUP_NS) return true;
  return (double)(now - opened_at) >= settings.warmup * 1e9 && report.messages >= (uint64_t)settings.warmup_messages;
}

static void start(void) {
  histogram_reset();
  report.messages = report.bytes = 0;
  before = take_sample();
  started_at = slice_at = now_ns();
  window_phase = MEASURING;
}

static void stop(uint64_t now) {
  struct sample after = take_sample();
  bool known = settings.pid > 0;
  report.seconds = (double)(now - started_at) / 1e9;
  report.server_cpu = known ? after.total - before.total : -1;
  report.server_user = known ? after.user - before.user : -1;
  report.server_system = known ? after.system - before.system : -1;
  report.generator_cpu = after.own - before.own;
  window_phase = DONE;
}

static void slice(uint64_t now) {
  if (settings.slice <= 0 || (double)(now - slice_at) < settings.slice * 1e9) return;
  histogram_cut();
  slice_at = now;
}

enum phase window_advance(uint64_t now) {
  if (window_phase == WARMING && is_warm(now)) start();
  else if (window_phase == MEASURING && (double)(now - started_at) >= settings.seconds * 1e9) stop(now);
  else if (window_phase == MEASURING) slice(now);
  return window_phase;
}
