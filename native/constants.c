/* Every number that both sides need, from the C headers and from hawser.h: written once, read by TypeScript. */
#include "hawser.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NUMBER(name) {#name, (int64_t)(name)}

static const struct {
  const char *name;
  int64_t value;
} numbers[] = {
    NUMBER(CTL_EPOCH),      NUMBER(CTL_OPS),       NUMBER(CTL_OUT_USED), NUMBER(CTL_SETTLE),
    NUMBER(CTL_SLAB_USED),  NUMBER(CTL_READ_MAX),  NUMBER(CTL_SLAB_LOW), NUMBER(CTL_SLOTS),
    NUMBER(CTL_POOL_USED),  NUMBER(CTL_SMALL_MAX), NUMBER(REC_SMALL),
    NUMBER(RECORD_INTS),    NUMBER(MAX_RECORDS),   NUMBER(REC_DATA),     NUMBER(REC_EVENT),
    NUMBER(OP_INTS),        NUMBER(MAX_OPS),       NUMBER(ACCEPT_BYTES), NUMBER(MAX_ACCEPT),
    NUMBER(MODE_EVENT),     NUMBER(MODE_RECEIVE),  NUMBER(MODE_QUICKACK),
    NUMBER(EPOLLIN),        NUMBER(EPOLLOUT),      NUMBER(EPOLLERR),     NUMBER(EPOLLHUP),
    NUMBER(EPOLL_CTL_ADD),  NUMBER(EPOLL_CTL_MOD), NUMBER(EPOLL_CTL_DEL),
    NUMBER(AF_UNIX),        NUMBER(AF_INET),       NUMBER(AF_INET6),
    NUMBER(SOL_SOCKET),     NUMBER(SO_ERROR),      NUMBER(SO_REUSEADDR), NUMBER(SO_REUSEPORT),
    NUMBER(IPPROTO_IPV6),   NUMBER(IPV6_V6ONLY),
    {"SOCKADDR_IN_BYTES", sizeof(struct sockaddr_in)},
    {"SOCKADDR_IN6_BYTES", sizeof(struct sockaddr_in6)},
    {"SOCKADDR_UN_BYTES", sizeof(struct sockaddr_un)},
    {"SUN_PATH_OFFSET", offsetof(struct sockaddr_un, sun_path)},
};

napi_status constants_export(napi_env env, napi_value exports) {
  napi_value object;
  napi_status status = napi_create_object(env, &object);
  for (size_t i = 0; status == napi_ok && i < sizeof numbers / sizeof *numbers; i++) {
    napi_value number;
    status = napi_create_int64(env, numbers[i].value, &number);
    if (status == napi_ok) status = napi_set_named_property(env, object, numbers[i].name, number);
  }
  return status == napi_ok ? napi_set_named_property(env, exports, "constants", object) : status;
}
