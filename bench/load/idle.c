/*
 * Many connections that each exchanged one message and then do nothing. Prints
 * a line when the server is warm (`warm` connections came and went) and when all
 * are open, and waits for a line on standard input at each: the caller measures
 * the server's memory there.
 */
#include "load.h"

#include <stdio.h>
#include <unistd.h>

static void say_and_wait(const char *what) {
  puts(what);
  fflush(stdout);
  for (int c = getchar(); c != '\n' && c != EOF; c = getchar()) continue;
}

static int open_one(long index) {
  int fd = connect_now(index);
  exchange_one(fd);
  report.messages++;
  return fd;
}

void run_idle(void) {
  static int warm_fds[4096];
  for (long i = 0; i < settings.warm && i < 4096; i++) warm_fds[i] = open_one(i);
  for (long i = 0; i < settings.warm && i < 4096; i++) close(warm_fds[i]);
  say_and_wait("warm");
  for (long i = 0; i < settings.connections; i++) open_one(i);
  say_and_wait("open");
}
