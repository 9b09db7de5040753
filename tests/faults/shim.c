/* Stands between the server and the disk (LD_PRELOAD), below SQLite and our own files alike.
 *
 * Every call that changes something below FAULTS_ROOT is one point, numbered from 1, under one lock. What is to happen
 * at a point stands in the file FAULTS_CONTROL, which the harness writes and we map:
 *   at `kill_at` the process dies before the call, or (torn) in the middle of its bytes;
 *   from `fail_from` to `fail_to` calls fail with `error`; after a failed sync, what was not synced counts as lost;
 *   `clock` is added to the time of day.
 * With FAULTS_LOG each call is written there after it was done, in the order of the points: see disk.rs.
 * Only the first process does so: it takes LD_PRELOAD out of its environment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The fields in their order in the control file, eight bytes each. */
struct control {
    volatile uint64_t points, kill_at, torn, fail_from, fail_to, error;
    volatile int64_t clock;
};

enum kind { CREATE = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR, SYNCDIR, LOST };

struct record {
    uint64_t kind, inode, offset, path, bytes;
};

static struct control *control;
static char root[PATH_MAX];
static size_t root_length;
static int log_file = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(result, name, ...)                                                                                        \
    static result (*real_##name)(__VA_ARGS__);                                                                         \
    __attribute__((constructor(101))) static void find_##name(void) { real_##name = dlsym(RTLD_NEXT, #name); }

REAL(int, open64, const char *, int, ...)
REAL(int, openat64, int, const char *, int, ...)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite64, int, const void *, size_t, off_t)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, ftruncate64, int, off_t)
REAL(int, renameat, int, const char *, int, const char *)
REAL(int, unlinkat, int, const char *, int)
REAL(int, mkdirat, int, const char *, mode_t)
REAL(int, clock_gettime, clockid_t, struct timespec *)
REAL(ssize_t, sendfile64, int, int, off_t *, size_t)
REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned)

__attribute__((constructor(102))) static void begin(void) {
    const char *where = getenv("FAULTS_ROOT"), *orders = getenv("FAULTS_CONTROL"), *log = getenv("FAULTS_LOG");
    if (where == NULL || orders == NULL) return;
    int file = real_open64(orders, O_RDWR | O_CLOEXEC);
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) abort();
    close(file);
    if (log != NULL && (log_file = real_open64(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) < 0) abort();
    snprintf(root, sizeof root, "%s/", where);
    root_length = strlen(root);
    control = mapped;
    unsetenv("LD_PRELOAD");
    unsetenv("FAULTS_ROOT");
    unsetenv("FAULTS_CONTROL");
    unsetenv("FAULTS_LOG");
}

/* The path below the root, or NULL: what is elsewhere does not count. */
static const char *below(const char *path) {
    if (control == NULL || path == NULL) return NULL;
    size_t length = strlen(path);
    if (length + 1 == root_length && strncmp(path, root, length) == 0) return "";
    return strncmp(path, root, root_length) == 0 ? path + root_length : NULL;
}

static const char *below_at(int directory, const char *path, char *space) {
    if (control == NULL || path == NULL) return NULL;
    if (path[0] == '/' || directory == AT_FDCWD) return below(path);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, space, PATH_MAX - 1);
    if (length < 0 || length + strlen(path) + 2 > PATH_MAX) return NULL;
    space[length] = '/';
    strcpy(space + length + 1, path);
    return below(space);
}

static const char *below_fd(int fd, char *space) {
    if (control == NULL) return NULL;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int before = errno;
    ssize_t length = readlink(link, space, PATH_MAX - 1);
    errno = before;
    if (length < 0) return NULL;
    space[length] = 0;
    return below(space);
}

static uint64_t inode_of(int fd) {
    struct stat seen;
    return fstat(fd, &seen) == 0 ? seen.st_ino : 0;
}

static void all(const void *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = real_write(log_file, bytes, count);
        if (done <= 0) abort();
        bytes = (const char *)bytes + done;
        count -= done;
    }
}

static void note(enum kind kind, uint64_t inode, uint64_t offset, const char *path, const void *bytes, size_t count) {
    if (log_file < 0) return;
    int before = errno;
    struct record record = {kind, inode, offset, strlen(path), count};
    all(&record, sizeof record);
    all(path, record.path);
    all(bytes, count);
    errno = before;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Takes the lock and counts. Says whether the call must fail; dies if it is time, unless half of it is to be done. */
static int fails(int can_tear) {
    pthread_mutex_lock(&lock);
    uint64_t point = ++control->points;
    if (point == control->kill_at && !(can_tear && control->torn)) die();
    if (point < control->fail_from || point > control->fail_to) return 0;
    errno = (int)control->error;
    return 1;
}

static int torn(void) { return control->points == control->kill_at; }

static void done(void) { pthread_mutex_unlock(&lock); }

static int opened(int directory, const char *path, int flags, mode_t mode) {
    char space[PATH_MAX];
    const char *name = flags & (O_CREAT | O_TRUNC) ? below_at(directory, path, space) : NULL;
    if (name == NULL) return real_openat64(directory, path, flags, mode);
    int there = faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && !(flags & O_TRUNC)) return real_openat64(directory, path, flags, mode);
    int fd = fails(0) ? -1 : real_openat64(directory, path, flags, mode);
    if (fd >= 0 && !there) note(CREATE, inode_of(fd), 0, name, NULL, 0);
    if (fd >= 0 && there) note(TRUNCATE, inode_of(fd), 0, "", NULL, 0);
    done();
    return fd;
}

#define MODE(mode, flags)                                                                                              \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

int open64(const char *path, int flags, ...) { MODE(mode, flags) return opened(AT_FDCWD, path, flags, mode); }
int open(const char *path, int flags, ...) { MODE(mode, flags) return opened(AT_FDCWD, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(mode, flags) return opened(at, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(mode, flags) return opened(at, path, flags, mode); }

static ssize_t written(int fd, const void *bytes, size_t count, off_t at, int placed) {
    char space[PATH_MAX];
    if (count == 0 || below_fd(fd, space) == NULL)
        return placed ? real_pwrite64(fd, bytes, count, at) : real_write(fd, bytes, count);
    ssize_t result = -1;
    if (!fails(1)) {
        if (!placed) at = fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
        if (torn()) {
            real_pwrite64(fd, bytes, count / 2, at);
            die();
        }
        result = placed ? real_pwrite64(fd, bytes, count, at) : real_write(fd, bytes, count);
        if (result > 0) note(WRITE, inode_of(fd), at, "", bytes, result);
    }
    done();
    return result;
}

ssize_t write(int fd, const void *bytes, size_t count) { return written(fd, bytes, count, 0, 0); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) { return written(fd, bytes, count, at, 1); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return written(fd, bytes, count, at, 1); }

/* One piece at a time: a short write is a legal answer. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    char space[PATH_MAX];
    if (below_fd(fd, space) != NULL)
        for (int n = 0; n < count; n++)
            if (pieces[n].iov_len > 0) return written(fd, pieces[n].iov_base, pieces[n].iov_len, 0, 0);
    if (real == NULL) real = dlsym(RTLD_NEXT, "writev");
    return real(fd, pieces, count);
}

static int synced(int fd, int (*real)(int)) {
    char space[PATH_MAX];
    const char *name = below_fd(fd, space);
    if (name == NULL) return real(fd);
    struct stat seen;
    int directory = fstat(fd, &seen) == 0 && S_ISDIR(seen.st_mode);
    int failed = fails(0), result = failed ? -1 : real(fd);
    if (failed) note(LOST, inode_of(fd), 0, directory ? name : "", NULL, 0);
    else if (result == 0) note(directory ? SYNCDIR : SYNC, inode_of(fd), 0, directory ? name : "", NULL, 0);
    done();
    return result;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int ftruncate64(int fd, off_t length) {
    char space[PATH_MAX];
    if (below_fd(fd, space) == NULL) return real_ftruncate64(fd, length);
    int result = fails(0) ? -1 : real_ftruncate64(fd, length);
    if (result == 0) note(TRUNCATE, inode_of(fd), length, "", NULL, 0);
    done();
    return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int renameat(int from_at, const char *from, int to_at, const char *to) {
    char space[PATH_MAX], more[PATH_MAX];
    const char *old = below_at(from_at, from, space), *new = below_at(to_at, to, more);
    if (old == NULL || new == NULL) return real_renameat(from_at, from, to_at, to);
    int result = fails(0) ? -1 : real_renameat(from_at, from, to_at, to);
    if (result == 0) note(RENAME, 0, 0, old, new, strlen(new));
    done();
    return result;
}
int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int at, const char *path, int flags) {
    char space[PATH_MAX];
    const char *name = below_at(at, path, space);
    if (name == NULL || faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0) return real_unlinkat(at, path, flags);
    int result = fails(0) ? -1 : real_unlinkat(at, path, flags);
    if (result == 0) note(UNLINK, 0, 0, name, NULL, 0);
    done();
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int at, const char *path, mode_t mode) {
    char space[PATH_MAX];
    const char *name = below_at(at, path, space);
    if (name == NULL || faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return real_mkdirat(at, path, mode);
    int result = fails(0) ? -1 : real_mkdirat(at, path, mode);
    if (result == 0) note(MKDIR, 0, 0, name, NULL, 0);
    done();
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* What is copied inside the kernel would pass us by: the caller falls back to reading and writing. */
ssize_t copy_file_range(int from, off_t *at, int to, off_t *to_at, size_t count, unsigned flags) {
    char space[PATH_MAX];
    if (below_fd(to, space) == NULL) return real_copy_file_range(from, at, to, to_at, count, flags);
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int to, int from, off_t *at, size_t count) {
    char space[PATH_MAX];
    if (below_fd(to, space) == NULL) return real_sendfile64(to, from, at, count);
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int to, int from, off_t *at, size_t count) { return sendfile64(to, from, at, count); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = real_clock_gettime(clock, now);
    if (result == 0 && control != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += control->clock;
    return result;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec fine;
    int result = clock_gettime(CLOCK_REALTIME, &fine);
    now->tv_sec = fine.tv_sec;
    now->tv_usec = fine.tv_nsec / 1000;
    return result;
}
time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where != NULL) *where = now.tv_sec;
    return now.tv_sec;
}
