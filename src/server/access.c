#include "server/access.h"

#include "base/file.h"
#include "base/thread.h"

#include <crypt.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

enum { JOBS_MAX = 16, KNOWN_MAX = 16, HEADER_MAX = 512 };

enum job_state { JOB_FREE, JOB_WAITS, JOB_RUNS, JOB_DONE };

struct job {
    enum job_state state;
    uint64_t number; /* the least comes first */
    struct credentials credentials;
    char header[HEADER_MAX];
    char hash[BCRYPT_HASH_BYTES + 1];
    bool is_user; /* else the hash is somebody else's, and the answer no */
    bool granted;
    uint64_t generation; /* of the file that the hash is from */
    void (*tell)(void *context, enum access_verdict verdict);
    const void *context; /* NULL: nobody waits for it any more */
};

struct access {
    char *path;
    struct loop *loop;
    struct loop_source answered;
    struct password_file file;
    uint64_t generation;
    unsigned char secret[16];          /* who does not know it cannot tell which hash an unknown user gets */
    char known[KNOWN_MAX][HEADER_MAX]; /* headers of those who were let in */
    size_t next_known;

    pthread_t thread;
    pthread_mutex_t mutex; /* for what follows */
    pthread_cond_t asked;
    bool ending;
    uint64_t numbers;
    struct job jobs[JOBS_MAX];

    struct crypt_data crypt; /* the thread's */
};

/* -- the thread -- */

/* As long for any two texts of that length. */
static bool is_equal(const char *a, const char *b, size_t length)
{
    unsigned char difference = 0;

    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

static bool try_password(struct crypt_data *data, const char *password, const char *hash)
{
    const char *made = crypt_r(password, hash, data);
    return made && strlen(made) == BCRYPT_HASH_BYTES && is_equal(made, hash, BCRYPT_HASH_BYTES);
}

static struct job *next_job(struct access *access, enum job_state state)
{
    struct job *next = NULL;

    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct job *job = &access->jobs[i];
        if (job->state == state && (!next || job->number < next->number))
            next = job;
    }
    return next;
}

static void *run(void *context)
{
    struct access *access = context;
    const uint64_t one = 1;

    pthread_mutex_lock(&access->mutex);
    while (!access->ending) {
        struct job *job = next_job(access, JOB_WAITS);
        if (!job) {
            pthread_cond_wait(&access->asked, &access->mutex);
            continue;
        }
        job->state = JOB_RUNS; /* nobody else touches it now */
        pthread_mutex_unlock(&access->mutex);
        bool matches = try_password(&access->crypt, job->credentials.password, job->hash);
        pthread_mutex_lock(&access->mutex);
        job->granted = matches && job->is_user;
        job->state = JOB_DONE;
        (void)!write(access->answered.fd, &one, sizeof(one));
    }
    pthread_mutex_unlock(&access->mutex);
    return NULL;
}

/* -- who is known -- */

static void remember(struct access *access, const char *header)
{
    memcpy(access->known[access->next_known], header, HEADER_MAX);
    access->next_known = (access->next_known + 1) % KNOWN_MAX;
}

static bool is_known(const struct access *access, const char header[HEADER_MAX])
{
    bool known = false;

    for (size_t i = 0; i < KNOWN_MAX; i++)
        known |= access->known[i][0] && is_equal(access->known[i], header, HEADER_MAX);
    return known;
}

static void forget_known(struct access *access)
{
    explicit_bzero(access->known, sizeof(access->known));
    access->next_known = 0;
}

/* FNV-1a over the secret and the name: an unknown user gets the same hash each time, and takes as long as the
 * user whose it is. */
static size_t stand_in(const struct access *access, const char *user)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < sizeof(access->secret); i++)
        hash = (hash ^ access->secret[i]) * UINT64_C(0x100000001b3);
    for (; *user; user++)
        hash = (hash ^ (unsigned char)*user) * UINT64_C(0x100000001b3);
    return (size_t)((hash ^ hash >> 32) % access->file.count);
}

static void set_hash(const struct access *access, struct job *job)
{
    size_t at = stand_in(access, job->credentials.user);

    job->is_user = false;
    for (size_t i = 0; i < access->file.count; i++) {
        if (strcmp(access->file.entries[i].user, job->credentials.user) != 0)
            continue;
        at = i;
        job->is_user = true;
    }
    memcpy(job->hash, access->file.entries[at].hash, sizeof(job->hash));
    job->generation = access->generation;
}

/* -- the loop's side -- */

static struct job take_answer(struct access *access)
{
    struct job answered = {.state = JOB_FREE};

    pthread_mutex_lock(&access->mutex);
    struct job *job = next_job(access, JOB_DONE);
    if (job) {
        answered = *job;
        explicit_bzero(job, sizeof(*job));
    }
    pthread_mutex_unlock(&access->mutex);
    return answered;
}

static void on_answer(void *context)
{
    struct access *access = context;
    uint64_t count;

    (void)!read(access->answered.fd, &count, sizeof(count));
    for (;;) {
        struct job job = take_answer(access);
        if (job.state == JOB_FREE)
            return;
        if (job.granted && job.generation == access->generation)
            remember(access, job.header);
        if (job.context)
            job.tell((void *)(uintptr_t)job.context, job.granted ? ACCESS_GRANTED : ACCESS_REFUSED);
        explicit_bzero(&job, sizeof(job));
    }
}

static enum access_verdict ask(struct access *access, const struct job *question)
{
    enum access_verdict verdict = ACCESS_BUSY;

    pthread_mutex_lock(&access->mutex);
    struct job *job = next_job(access, JOB_FREE);
    if (job) {
        *job = *question;
        job->credentials.user = job->credentials.bytes;
        job->credentials.password = job->credentials.bytes + strlen(job->credentials.bytes) + 1;
        job->state = JOB_WAITS;
        job->number = ++access->numbers;
        verdict = ACCESS_PENDING;
        pthread_cond_signal(&access->asked);
    }
    pthread_mutex_unlock(&access->mutex);
    return verdict;
}

enum access_verdict access_check(struct access *access, const char *authorization,
                                 void (*tell)(void *context, enum access_verdict verdict), void *context)
{
    struct job job = {.tell = tell, .context = context};

    if (!authorization || strlen(authorization) >= HEADER_MAX)
        return ACCESS_REFUSED;
    memcpy(job.header, authorization, strlen(authorization));
    if (is_known(access, job.header))
        return ACCESS_GRANTED;
    if (credentials_parse(&job.credentials, authorization) < 0)
        return ACCESS_REFUSED;
    set_hash(access, &job);
    enum access_verdict verdict = ask(access, &job);
    explicit_bzero(&job, sizeof(job));
    return verdict;
}

void access_forget(struct access *access, const void *context)
{
    pthread_mutex_lock(&access->mutex);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (access->jobs[i].context == context)
            access->jobs[i].context = NULL;
    }
    pthread_mutex_unlock(&access->mutex);
}

/* -- opening -- */

static int read_file(const char *path, struct password_file *file, struct problem *problem)
{
    char *text;
    int error = file_read_whole(path, &text);

    if (error < 0)
        return problem_set(problem, -error, "--auth-file %s: %s: make it with htpasswd -cB %s USER", path,
                           strerror(-error), path);
    error = password_file_parse(file, text, path, problem);
    free(text);
    return error;
}

static int start(struct access *access)
{
    pthread_mutex_init(&access->mutex, NULL);
    pthread_cond_init(&access->asked, NULL);
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    access->answered = (struct loop_source){fd, on_answer, access};
    int error = loop_add(access->loop, &access->answered, EPOLLIN);
    if (error == 0)
        error = thread_start(&access->thread, run, access);
    if (error < 0)
        close(fd);
    return error;
}

static void release(struct access *access)
{
    password_file_free(&access->file);
    free(access->path);
    explicit_bzero(access, sizeof(*access));
    free(access);
}

int access_open(struct access **access, const char *path, struct loop *loop, struct problem *problem)
{
    struct access *opened = calloc(1, sizeof(*opened));

    if (!opened)
        return -ENOMEM;
    opened->loop = loop;
    opened->path = strdup(path);
    int error = opened->path ? read_file(path, &opened->file, problem) : -ENOMEM;
    if (error == 0 && getrandom(opened->secret, sizeof(opened->secret), 0) < 0)
        error = -errno;
    if (error == 0)
        error = start(opened);
    if (error < 0)
        release(opened);
    else
        *access = opened;
    return error;
}

int access_reload(struct access *access, struct problem *problem)
{
    struct password_file file = {0};
    int error = read_file(access->path, &file, problem);

    if (error < 0) {
        password_file_free(&file);
        return error;
    }
    password_file_free(&access->file);
    access->file = file;
    access->generation++;
    forget_known(access);
    return 0;
}

void access_close(struct access *access)
{
    if (!access)
        return;
    pthread_mutex_lock(&access->mutex);
    access->ending = true;
    pthread_cond_signal(&access->asked);
    pthread_mutex_unlock(&access->mutex);
    pthread_join(access->thread, NULL);
    loop_remove(access->loop, &access->answered);
    close(access->answered.fd);
    pthread_cond_destroy(&access->asked);
    pthread_mutex_destroy(&access->mutex);
    release(access);
}
