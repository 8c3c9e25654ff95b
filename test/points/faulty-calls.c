/*
 * Stands between a program and the C library: numbers every call that changes something below a folder, in the order in which they are
 * made by whatever thread, and at one of them kills the process or lets the call fail. Told by the environment:
 *   POINTS_ROOT   the folder
 *   POINTS_LOG    a file to which every numbered call is written, "number name path"
 *   POINTS_AT     the number at which it happens; 0 or none: nowhere
 *   POINTS_FAULT  "kill", "kill-after", "short" (half of a write), or the number of an error
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *fault;
static size_t root_length;
static long at, made;
static int log_fd = -1;

__attribute__((constructor)) static void begin(void) {
  root = getenv("POINTS_ROOT");
  fault = getenv("POINTS_FAULT");
  if (root == NULL) return;
  root_length = strlen(root);
  at = atol(getenv("POINTS_AT") ? getenv("POINTS_AT") : "0");
  const char *log = getenv("POINTS_LOG");
  if (log != NULL) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

enum verdict { GO_ON, FAIL, HALVE, DIE_AFTER };

static enum verdict judge(const char *name, const char *path) {
  if (root == NULL || path == NULL || strncmp(path, root, root_length) != 0) return GO_ON;
  pthread_mutex_lock(&turn);
  long number = ++made;
  if (log_fd >= 0) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path + root_length);
    syscall(SYS_write, log_fd, line, (size_t)length);
  }
  pthread_mutex_unlock(&turn);
  if (number != at || fault == NULL) return GO_ON;
  if (strcmp(fault, "kill") == 0) syscall(SYS_kill, getpid(), SIGKILL);
  if (strcmp(fault, "kill-after") == 0) return DIE_AFTER;
  if (strcmp(fault, "short") == 0) return strstr(name, "write") != NULL ? HALVE : GO_ON;
  errno = atoi(fault);
  return FAIL;
}

static const char *path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return NULL;
  path[length] = '\0';
  return path;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define AFTER(verdict, call)                                     \
  ({                                                             \
    __typeof__(call) outcome = (call);                           \
    if ((verdict) == DIE_AFTER) syscall(SYS_kill, getpid(), SIGKILL); \
    outcome;                                                     \
  })
#define BY_PATH(name, path, call)                 \
  enum verdict verdict = judge(#name, path);      \
  return verdict == FAIL ? -1 : AFTER(verdict, call)
#define BY_FD(name, fd, call)                                     \
  char place[PATH_MAX];                                           \
  enum verdict verdict = judge(#name, path_of(fd, place));        \
  return verdict == FAIL ? -1 : AFTER(verdict, call)

static int opens(const char *path, int flags, mode_t mode) {
  int creates = (flags & (O_CREAT | O_TRUNC)) != 0;
  enum verdict verdict = creates ? judge("open", path) : GO_ON;
  if (verdict == FAIL) return -1;
  return AFTER(verdict, (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode));
}
#define MODE(flags)                        \
  mode_t mode = 0;                         \
  if (((flags) & (O_CREAT | O_TMPFILE)) != 0) { \
    va_list more;                          \
    va_start(more, flags);                 \
    mode = va_arg(more, mode_t);           \
    va_end(more);                          \
  }
int open(const char *path, int flags, ...) { MODE(flags) return opens(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opens(path, flags, mode); }

ssize_t write(int fd, const void *bytes, size_t length) {
  char place[PATH_MAX];
  enum verdict verdict = judge("write", path_of(fd, place));
  if (verdict == FAIL) return -1;
  return AFTER(verdict, REAL(write)(fd, bytes, verdict == HALVE ? (length + 1) / 2 : length));
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t where) {
  char place[PATH_MAX];
  enum verdict verdict = judge("pwrite", path_of(fd, place));
  if (verdict == FAIL) return -1;
  return AFTER(verdict, REAL(pwrite64)(fd, bytes, verdict == HALVE ? (length + 1) / 2 : length, where));
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t where) { return pwrite64(fd, bytes, length, where); }
ssize_t writev(int fd, const struct iovec *pieces, int count) { BY_FD(writev, fd, REAL(writev)(fd, pieces, count)); }
int close(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) return REAL(close)(fd);
  /* A close that fails has closed all the same. */
  char place[PATH_MAX];
  enum verdict verdict = judge("close", path_of(fd, place));
  int outcome = AFTER(verdict, REAL(close)(fd));
  if (verdict != FAIL) return outcome;
  errno = atoi(fault);
  return -1;
}
int fsync(int fd) { BY_FD(fsync, fd, REAL(fsync)(fd)); }
int fdatasync(int fd) { BY_FD(fdatasync, fd, REAL(fdatasync)(fd)); }
int ftruncate64(int fd, off64_t length) { BY_FD(ftruncate, fd, REAL(ftruncate64)(fd, length)); }
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
int fchmod(int fd, mode_t mode) { BY_FD(fchmod, fd, REAL(fchmod)(fd, mode)); }
int chmod(const char *path, mode_t mode) { BY_PATH(chmod, path, REAL(chmod)(path, mode)); }
int rename(const char *from, const char *to) { BY_PATH(rename, to, REAL(rename)(from, to)); }
int link(const char *from, const char *to) { BY_PATH(link, to, REAL(link)(from, to)); }
int unlink(const char *path) { BY_PATH(unlink, path, REAL(unlink)(path)); }
int rmdir(const char *path) { BY_PATH(rmdir, path, REAL(rmdir)(path)); }
int mkdir(const char *path, mode_t mode) { BY_PATH(mkdir, path, REAL(mkdir)(path, mode)); }
