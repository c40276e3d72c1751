/*
 * Preloaded into redis-server: its wall clock can be set while it runs, as an operator or NTP would, without setting that of
 * the machine, and its disk can be made slow. libfaketime clashes with the jemalloc of Debian's redis-server.
 *
 * SHIM_OFFSET_FILE: 8 bytes, a little-endian integer: by how many milliseconds the wall clock is ahead. May change at any time.
 * SHIM_SYNC_MS: how long each fsync and fdatasync takes at least.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_ms;
static long sync_ms;

__attribute__((constructor)) static void start(void) {
  const char *file = getenv("SHIM_OFFSET_FILE"), *sync = getenv("SHIM_SYNC_MS");
  if (sync) sync_ms = atol(sync);
  if (!file) return;
  int fd = open(file, O_RDONLY);
  void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) abort();
  offset_ms = map;
}

int clock_gettime(clockid_t id, struct timespec *ts) {
  int result = (int)syscall(SYS_clock_gettime, id, ts);
  if (result == 0 && offset_ms && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
    int64_t ms = *offset_ms;
    ts->tv_sec += ms / 1000;
    ts->tv_nsec += ms % 1000 * 1000000;
    if (ts->tv_nsec < 0) ts->tv_sec -= 1, ts->tv_nsec += 1000000000;
    if (ts->tv_nsec >= 1000000000) ts->tv_sec += 1, ts->tv_nsec -= 1000000000;
  }
  return result;
}

int gettimeofday(struct timeval *tv, void *zone) {
  (void)zone;
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  tv->tv_sec = ts.tv_sec;
  tv->tv_usec = ts.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *at) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  if (at) *at = ts.tv_sec;
  return ts.tv_sec;
}

static void wait_for_disk(void) {
  struct timespec ts = { sync_ms / 1000, sync_ms % 1000 * 1000000 };
  if (sync_ms) nanosleep(&ts, NULL);
}

int fsync(int fd) {
  wait_for_disk();
  return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
  wait_for_disk();
  return (int)syscall(SYS_fdatasync, fd);
}
