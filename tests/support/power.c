// What a disc holds for sure: preloaded into redis-server, it notes of every file how long it was when its last sync *began*. What was
// written while a sync ran does not count. A power cut is then `kill -9`, and every file cut back to its noted length.
//
// The notes are a table in a file that all processes map: it outlives them. A row is an inode and a length. A rename counts as durable
// at once, as on a journaling file system; the bytes of a file count only when the file itself was synced.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define ROWS 4096

struct row {
    _Atomic uint64_t inode;
    _Atomic uint64_t length;
};

static struct row *table;

// With no table nothing can be noted, and a test would judge by nothing: better that the server does not start.
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POWER_TABLE");
    int fd = path ? open(path, O_RDWR | O_CREAT, 0600) : -1;
    if (fd < 0 || ftruncate(fd, sizeof(struct row) * ROWS) != 0) abort();
    void *at = mmap(NULL, sizeof(struct row) * ROWS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) abort();
    close(fd);
    table = at;
}

static struct row *row_of(uint64_t inode, int make) {
    for (uint64_t n = 0; table && n < ROWS; n++) {
        struct row *row = &table[(inode + n) % ROWS];
        uint64_t found = atomic_load(&row->inode);
        if (found == 0) {
            if (!make) return NULL;
            if (atomic_compare_exchange_strong(&row->inode, &found, inode)) return row;
        }
        if (found == inode) return row;
    }
    if (make && table) abort();
    return NULL;
}

static void at_most(uint64_t inode, uint64_t length) {
    struct row *row = row_of(inode, 0);
    if (!row) return;
    uint64_t now = atomic_load(&row->length);
    while (now > length && !atomic_compare_exchange_weak(&row->length, &now, length)) {}
}

static int synced(int fd, int (*sync)(int)) {
    struct stat before;
    int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
    int done = sync(fd);
    if (done == 0 && known) {
        struct row *row = row_of(before.st_ino, 1);
        uint64_t length = before.st_size, now = row ? atomic_load(&row->length) : length;
        // Two syncs of one file may end in the other order.
        while (row && now < length && !atomic_compare_exchange_weak(&row->length, &now, length)) {}
    }
    return done;
}

#define REAL(result, name, ...)                                                                   \
    static result (*real)(__VA_ARGS__);                                                           \
    if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

int fsync(int fd) { REAL(int, "fsync", int); return synced(fd, real); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return synced(fd, real); }

// A file that was cut and grows again is not what was synced; one that is gone leaves its inode to another.
static void cut_fd(int fd, uint64_t length) {
    struct stat now;
    if (fstat(fd, &now) == 0) at_most(now.st_ino, length);
}
static void cut_path(const char *path, uint64_t length) {
    struct stat now;
    if (stat(path, &now) == 0) at_most(now.st_ino, length);
}

int ftruncate(int fd, off_t length) { REAL(int, "ftruncate", int, off_t); cut_fd(fd, length); return real(fd, length); }
int ftruncate64(int fd, off64_t length) { REAL(int, "ftruncate64", int, off64_t); cut_fd(fd, length); return real(fd, length); }
int truncate(const char *path, off_t length) { REAL(int, "truncate", const char *, off_t); cut_path(path, length); return real(path, length); }
int truncate64(const char *path, off64_t length) { REAL(int, "truncate64", const char *, off64_t); cut_path(path, length); return real(path, length); }
int unlink(const char *path) { REAL(int, "unlink", const char *); cut_path(path, 0); return real(path); }
int rename(const char *from, const char *to) { REAL(int, "rename", const char *, const char *); cut_path(to, 0); return real(from, to); }
