/*
 * The limit: a plain epoll loop in C, written the way the manual pages suggest.
 * Level triggered, one recv per readiness event, an immediate send; what the
 * kernel does not take is kept, and reading stops until it is gone. The receive
 * buffer is page aligned: elsewhere in the page large copies cost up to twice as
 * much on some CPUs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 65536, CHUNK_BYTES = 65536, EVENTS = 1024, BACKLOG = 511, MAX_FDS = 1 << 20 };

enum mode { ECHO, SINK, SOURCE, LINES };

struct buffer {
  unsigned char *data;
  size_t length;
};

struct connection {
  struct buffer unsent; /* what the kernel did not take */
  struct buffer unfinished; /* a line without its end */
  bool blocked; /* waiting for EPOLLOUT, not reading */
  uint64_t count; /* bytes received (sink) or sent (source) */
};

static enum mode mode;
static int epoll_fd;
static struct connection *connections[MAX_FDS];
static unsigned char read_buffer[2 * READ_BYTES] __attribute__((aligned(4096)));
static unsigned char chunk[CHUNK_BYTES] __attribute__((aligned(4096)));

static void watch(int fd, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll_fd, operation, fd, &event) < 0) {
    perror("epoll_ctl");
    exit(1);
  }
}

static void end_connection(int fd) {
  free(connections[fd]->unsent.data);
  free(connections[fd]->unfinished.data);
  free(connections[fd]);
  connections[fd] = NULL;
  close(fd);
}

static void keep(struct buffer *buffer, const unsigned char *data, size_t length) {
  buffer->data = realloc(buffer->data, buffer->length + length);
  if (buffer->data == NULL) abort();
  memcpy(buffer->data + buffer->length, data, length);
  buffer->length += length;
}

/* Sends now what the kernel takes and keeps the rest; false when the connection is gone. */
static bool send_or_keep(int fd, struct connection *connection, const unsigned char *data, size_t length) {
  ssize_t sent = 0;
  if (!connection->blocked) {
    sent = send(fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) sent = 0;
  }
  if ((size_t)sent == length) return true;
  keep(&connection->unsent, data + sent, length - (size_t)sent);
  if (!connection->blocked) watch(fd, EPOLL_CTL_MOD, EPOLLOUT);
  connection->blocked = true;
  return true;
}

/* One reply per complete line, each sent at once. */
static bool answer_lines(int fd, struct connection *connection, unsigned char *data, size_t length) {
  unsigned char *end = data + length;
  for (unsigned char *newline; (newline = memchr(data, '\n', (size_t)(end - data))) != NULL; data = newline + 1)
    if (!send_or_keep(fd, connection, data, (size_t)(newline + 1 - data))) return false;
  if (data < end) keep(&connection->unfinished, data, (size_t)(end - data));
  return true;
}

/* One chunk per event: level triggering brings the next one. */
static bool fill(int fd, struct connection *connection) {
  size_t at = connection->count % CHUNK_BYTES;
  ssize_t sent = send(fd, chunk + at, CHUNK_BYTES - at, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  connection->count += (uint64_t)sent;
  return true;
}

static bool on_end(int fd, struct connection *connection) {
  char text[32];
  if (mode == SINK) {
    int length = snprintf(text, sizeof text, "%llu\n", (unsigned long long)connection->count);
    if (send(fd, text, (size_t)length, MSG_NOSIGNAL) < 0) perror("send");
  }
  return false;
}

static bool on_readable(int fd, struct connection *connection) {
  size_t held = connection->unfinished.length;
  if (held > READ_BYTES) return false; /* a line too long */
  if (held > 0) memcpy(read_buffer, connection->unfinished.data, held);
  connection->unfinished.length = 0;
  ssize_t received = recv(fd, read_buffer + held, READ_BYTES, 0);
  if (received < 0) return errno == EAGAIN;
  if (received == 0) return on_end(fd, connection);
  if (mode == ECHO) return send_or_keep(fd, connection, read_buffer, (size_t)received);
  if (mode == LINES) return answer_lines(fd, connection, read_buffer, held + (size_t)received);
  connection->count += (uint64_t)received;
  return true;
}

static bool on_writable(int fd, struct connection *connection) {
  if (mode == SOURCE) return fill(fd, connection);
  struct buffer *unsent = &connection->unsent;
  ssize_t sent = send(fd, unsent->data, unsent->length, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  unsent->length -= (size_t)sent;
  memmove(unsent->data, unsent->data + sent, unsent->length);
  if (unsent->length > 0) return true;
  free(unsent->data);
  unsent->data = NULL;
  connection->blocked = false;
  watch(fd, EPOLL_CTL_MOD, EPOLLIN);
  return true;
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    connections[fd] = calloc(1, sizeof(struct connection));
    if (connections[fd] == NULL) abort();
    connections[fd]->blocked = mode == SOURCE;
    watch(fd, EPOLL_CTL_ADD, mode == SOURCE ? EPOLLOUT : EPOLLIN);
  }
}

static int listen_anywhere(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0) {
    perror("listen");
    exit(1);
  }
  getsockname(fd, (struct sockaddr *)&address, &length);
  printf("ready %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void say_no_garbage(int signal_number) {
  (void)signal_number;
  if (write(1, "gc {}\n", 6) < 0) _exit(1);
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "echo";
  mode = !strcmp(name, "sink") ? SINK : !strcmp(name, "source") ? SOURCE : !strcmp(name, "lines") ? LINES : ECHO;
  for (int i = 0; i < CHUNK_BYTES; i++) chunk[i] = (unsigned char)(i * 31 + (i >> 8));
  signal(SIGUSR2, say_no_garbage);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_anywhere();
  watch(listener, EPOLL_CTL_ADD, EPOLLIN);
  static struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        accept_all(listener);
        continue;
      }
      struct connection *connection = connections[fd];
      bool alive = connection->blocked ? on_writable(fd, connection) : on_readable(fd, connection);
      if (!alive) end_connection(fd);
    }
  }
}
