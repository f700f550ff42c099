/*
 * Connections are spread over the addresses 127.0.0.1 to 127.0.0.16: one source
 * address has about 28,000 ports, and churn leaves TIME_WAIT behind on this side.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SOURCE_ADDRESSES = 16, REPLY_TIMEOUT_SECONDS = 10 };

static int open_socket(long index, int flags) {
  int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) fail("socket");
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index % SOURCE_ADDRESSES))};
  struct timeval limit = {.tv_sec = REPLY_TIMEOUT_SECONDS};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on); /* the port is chosen by connect, per destination */
  if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("bind");
  return fd;
}

static int connect_to_server(int fd) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)settings.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return connect(fd, (struct sockaddr *)&to, sizeof to);
}

int connect_nonblocking(long index) {
  int fd = open_socket(index, SOCK_NONBLOCK);
  if (connect_to_server(fd) < 0 && errno != EINPROGRESS) fail("connect");
  return fd;
}

int connect_now(long index) {
  int fd = open_socket(index, 0);
  if (connect_to_server(fd) < 0) fail("connect");
  return fd;
}

void make_nonblocking(int fd) {
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
}

void exchange_one(int fd) {
  static unsigned char reply[RECEIVE_BYTES];
  size_t size = (size_t)settings.size;
  for (size_t sent = 0; sent < size;) {
    ssize_t n = send(fd, pattern_at(sent), size - sent, MSG_NOSIGNAL);
    if (n < 0) fail("send of the first message");
    sent += (size_t)n;
  }
  for (size_t received = 0; received < size;) {
    ssize_t n = recv(fd, reply, sizeof reply, 0);
    if (n <= 0) fail("the first reply");
    if (received + (size_t)n > size) fail("the first reply is too long");
    pattern_check(reply, received, (size_t)n);
    received += (size_t)n;
  }
}
