#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

struct settings settings = {
    .mode = "echo", .pattern = "bytes", .connections = 50, .size = 1024, .depth = 1, .batch = 1, .seconds = 1, .warmup = 0.3,
};
struct report report;

static const struct { const char *name, *meaning; long *number; double *real; const char **text; } options[] = {
    {"mode", "echo, bulk-in, bulk-out, churn or idle", NULL, NULL, &settings.mode},
    {"pattern", "bytes, or lines of `size` bytes", NULL, NULL, &settings.pattern},
    {"port", "the server's, on 127.0.0.1", &settings.port, NULL, NULL},
    {"pid", "the server's: its CPU time is read at both ends of the window", &settings.pid, NULL, NULL},
    {"connections", "open at once", &settings.connections, NULL, NULL},
    {"active", "how many of them talk; 0: all", &settings.active, NULL, NULL},
    {"size", "bytes in a message", &settings.size, NULL, NULL},
    {"depth", "messages in flight on a connection", &settings.depth, NULL, NULL},
    {"batch", "send again when so many came back", &settings.batch, NULL, NULL},
    {"rate", "messages a second in all, open loop; 0: closed loop", NULL, &settings.rate, NULL},
    {"flooders", "further connections that send at full speed", &settings.flooders, NULL, NULL},
    {"slow", "further connections that send at full speed and read slowly", &settings.slow, NULL, NULL},
    {"warm", "idle: connections made and closed first, at most 4096", &settings.warm, NULL, NULL},
    {"spin", "1: never sleep", &settings.spin, NULL, NULL},
    {"seconds", "length of the window", NULL, &settings.seconds, NULL},
    {"slice", "seconds; latencies are the median of the window's slices; 0: all one slice", NULL, &settings.slice, NULL},
    {"warmup", "seconds before it, at least", NULL, &settings.warmup, NULL},
    {"warmup-messages", "messages before it, at least (10 s at most)", &settings.warmup_messages, NULL, NULL},
};
enum { OPTIONS = sizeof options / sizeof *options };

void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
  exit(1);
}

void count_error(const char *what) {
  if (report.errors++ == 0) report.first_error = what;
}

static void usage(void) {
  fprintf(stderr, "usage: load NAME=VALUE...\n");
  for (int i = 0; i < OPTIONS; i++) fprintf(stderr, "  %-16s %s\n", options[i].name, options[i].meaning);
  exit(2);
}

static void parse(const char *argument) {
  const char *equals = strchr(argument, '=');
  char *end = "";
  if (equals == NULL) usage();
  for (int i = 0; i < OPTIONS; i++) {
    if (strlen(options[i].name) != (size_t)(equals - argument) || strncmp(argument, options[i].name, strlen(options[i].name))) continue;
    if (options[i].text) *options[i].text = equals + 1;
    if (options[i].number) *options[i].number = strtol(equals + 1, &end, 10);
    if (options[i].real) *options[i].real = strtod(equals + 1, &end);
    if (*end != 0) usage();
    return;
  }
  usage();
}

static void print_report(void) {
  printf("{\"messages\":%llu,\"bytes\":%llu,\"errors\":%llu,\"unanswered\":%llu,\"seconds\":%.6f,", (unsigned long long)report.messages,
         (unsigned long long)report.bytes, (unsigned long long)report.errors, (unsigned long long)report.unanswered, report.seconds);
  printf("\"serverCpu\":%.9f,\"serverUser\":%.2f,\"serverSystem\":%.2f,\"generatorCpu\":%.9f,", report.server_cpu, report.server_user,
         report.server_system, report.generator_cpu);
  if (report.first_error) printf("\"firstError\":\"%s\",", report.first_error);
  histogram_print();
  printf("}\n");
}

int main(int argc, char **argv) {
  static const struct { const char *name; void (*run)(void); } modes[] = {
      {"echo", run_echo}, {"bulk-in", run_bulk_in}, {"bulk-out", run_bulk_out}, {"churn", run_churn}, {"idle", run_idle},
  };
  for (int i = 1; i < argc; i++) parse(argv[i]);
  if (settings.port == 0 || settings.size < 1 || settings.depth < 1 || settings.batch < 1 || settings.batch > settings.depth) usage();
  if (!strcmp(settings.mode, "bulk-out")) settings.pattern = "source";
  prctl(PR_SET_TIMERSLACK, 1);
  pattern_init();
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(modes[i].name, settings.mode)) continue;
    modes[i].run();
    print_report();
    return 0;
  }
  usage();
}
