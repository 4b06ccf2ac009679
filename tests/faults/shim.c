/* What a disk can do to a program, for tests: loaded before the C library, it counts the calls that change files below
 * one folder, lets the n-th of them fail, and can write down all of them for a simulated power cut.
 *
 * Calls on other files pass unseen. One process at a time; the functions at the end are called through ctypes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 65536
#define PATH_SIZE 1024

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char prefix[PATH_SIZE];
static char *paths[MOST_FILES];
static long seen, fail_at;
static int fail_with, fail_on, trace = -1;
static char hit[PATH_SIZE + 32];

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int watched(const char *path, char *full) {
    if (!prefix[0] || !path) return 0;
    if (path[0] == '/') {
        snprintf(full, PATH_SIZE, "%s", path);
    } else {
        char folder[PATH_SIZE / 2];
        if (!getcwd(folder, sizeof folder)) return 0;
        snprintf(full, PATH_SIZE, "%s/%.500s", folder, path);
    }
    return !strncmp(full, prefix, strlen(prefix));
}

/* "kind path offset length other\n" and then the data. */
static void note(const char *kind, const char *path, long offset, long length, const char *other, const void *data) {
    char line[3 * PATH_SIZE];
    if (trace < 0) return;
    int n = snprintf(line, sizeof line, "%s\t%s\t%ld\t%ld\t%s\n", kind, path, offset, length, other);
    syscall(SYS_write, trace, line, n);
    if (data) syscall(SYS_write, trace, data, length);
}

/* Whether this call is to fail; errno is set then. */
static int fails(const char *kind, const char *path) {
    if (fail_with == ENOSPC && !strcmp(kind, "unlink")) return 0; /* a full disk lets files be removed */
    seen++;
    if (!fail_at || seen < fail_at || (seen > fail_at && !fail_on)) return 0;
    if (seen == fail_at) snprintf(hit, sizeof hit, "%s %s", kind, path + strlen(prefix));
    errno = fail_with;
    return 1;
}

static int opened(int fd, const char *full) {
    if (fd >= 0 && fd < MOST_FILES) {
        free(paths[fd]);
        paths[fd] = strdup(full);
    }
    return fd;
}

#define PATH_OF(fd) ((fd) >= 0 && (fd) < MOST_FILES ? paths[fd] : NULL)

#define OPEN(name, DIRECTORY, ...)                                                                                   \
    {                                                                                                                \
        REAL(name);                                                                                                  \
        mode_t mode = 0;                                                                                             \
        char full[PATH_SIZE];                                                                                        \
        if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {                                                                         \
            va_list more;                                                                                            \
            va_start(more, flags);                                                                                   \
            mode = va_arg(more, mode_t);                                                                             \
            va_end(more);                                                                                            \
        }                                                                                                            \
        if (!watched(path, full)) return real(__VA_ARGS__, flags, mode);                                             \
        pthread_mutex_lock(&lock);                                                                                   \
        int is_new = (flags & O_CREAT) && access(full, F_OK) != 0, fd = -1;                                          \
        if (!is_new || !fails("create", full)) {                                                                     \
            fd = opened(real(__VA_ARGS__, flags, mode), full);                                                       \
            if (fd >= 0 && is_new) note("create", full, 0, 0, "", NULL);                                             \
            if (fd >= 0 && (flags & O_TRUNC) && !is_new) note("truncate", full, 0, 0, "", NULL);                     \
        }                                                                                                            \
        pthread_mutex_unlock(&lock);                                                                                 \
        return fd;                                                                                                   \
    }

int open(const char *path, int flags, ...) OPEN(open, AT_FDCWD, path)
int open64(const char *path, int flags, ...) OPEN(open64, AT_FDCWD, path)
int openat(int folder, const char *path, int flags, ...) OPEN(openat, folder, folder, path)
int openat64(int folder, const char *path, int flags, ...) OPEN(openat64, folder, folder, path)

int close(int fd) {
    REAL(close);
    if (PATH_OF(fd)) {
        pthread_mutex_lock(&lock);
        free(paths[fd]);
        paths[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return real(fd);
}

#define CHANGE(kind, fd, call, recorded)                                                                             \
    {                                                                                                                \
        if (!PATH_OF(fd)) return call;                                                                               \
        pthread_mutex_lock(&lock);                                                                                   \
        __typeof__(call) result = -1;                                                                                \
        if (!fails(kind, paths[fd])) {                                                                               \
            result = call;                                                                                           \
            if (result >= 0) recorded;                                                                               \
        }                                                                                                            \
        pthread_mutex_unlock(&lock);                                                                                 \
        return result;                                                                                               \
    }

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    CHANGE("write", fd, real(fd, data, size),
           note("write", paths[fd], lseek(fd, 0, SEEK_CUR) - result, result, "", data))
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    CHANGE("write", fd, real(fd, data, size, at), note("write", paths[fd], at, result, "", data))
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    CHANGE("write", fd, real(fd, data, size, at), note("write", paths[fd], at, result, "", data))
}

int fsync(int fd) {
    REAL(fsync);
    CHANGE("sync", fd, real(fd), note("sync", paths[fd], 0, 0, "", NULL))
}

int fdatasync(int fd) {
    REAL(fdatasync);
    CHANGE("sync", fd, real(fd), note("sync", paths[fd], 0, 0, "", NULL))
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    CHANGE("truncate", fd, real(fd, length), note("truncate", paths[fd], length, 0, "", NULL))
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    CHANGE("truncate", fd, real(fd, length), note("truncate", paths[fd], length, 0, "", NULL))
}

#define ON_PATH(kind, path, call, other)                                                                             \
    {                                                                                                                \
        char full[PATH_SIZE], second[PATH_SIZE] = "";                                                                \
        if (!watched(path, full)) return call;                                                                       \
        if (other) watched(other, second);                                                                           \
        pthread_mutex_lock(&lock);                                                                                   \
        int result = -1;                                                                                             \
        if (!fails(kind, full)) {                                                                                    \
            result = call;                                                                                           \
            if (result == 0) note(kind, full, 0, 0, second, NULL);                                                   \
        }                                                                                                            \
        pthread_mutex_unlock(&lock);                                                                                 \
        return result;                                                                                               \
    }

int rename(const char *from, const char *to) {
    REAL(rename);
    ON_PATH("rename", from, real(from, to), to)
}

int renameat(int a, const char *from, int b, const char *to) {
    REAL(renameat);
    ON_PATH("rename", from, real(a, from, b, to), to)
}

int unlink(const char *path) {
    REAL(unlink);
    if (access(path, F_OK)) return real(path); /* nothing to remove is no fault of the disk */
    ON_PATH("unlink", path, real(path), NULL)
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    if (!access(path, F_OK)) return real(path, mode);
    ON_PATH("mkdir", path, real(path, mode), NULL)
}

/* Called by the tests. */

/* Count from now on what changes files below `folder`; the call number `at` (0: none) fails with `code`, and with `on`
 * every one after it. */
void fault_arm(const char *folder, long at, int code, int on) {
    pthread_mutex_lock(&lock);
    snprintf(prefix, sizeof prefix, "%s", folder);
    seen = 0, fail_at = at, fail_with = code, fail_on = on, hit[0] = 0;
    pthread_mutex_unlock(&lock);
}

long fault_count(void) { return seen; }

const char *fault_hit(void) { return hit; }

/* From now on all that happens below `folder` is written down in the descriptor `out`. */
void fault_trace(const char *folder, int out) {
    fault_arm(folder, 0, 0, 0);
    trace = out;
}

/* The program tells that it has promised something. */
void fault_mark(const char *text) {
    pthread_mutex_lock(&lock);
    note("mark", "", 0, strlen(text), "", text);
    pthread_mutex_unlock(&lock);
}
