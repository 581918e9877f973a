/* SPDX-License-Identifier: MIT */
#include "tests/support/emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#define RAW_MAX  (64u << 20)
#define WAIT_SEC 30
#define MARK     "\x1b]7777;sync\a" /* nothing that a program of ours sends */

struct emulator {
    int master, slave;
    int wake[2]; /* a byte: look at stop and hold again */
    pthread_t reader;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    VTerm *vterm;
    VTermScreen *screen;
    struct buf raw, text, part;
    unsigned marks; /* seen */
    bool stop, hold, held, visible, alternate;
};

static int on_property(VTermProp prop, VTermValue *value, void *self)
{
    struct emulator *e = self;

    if (prop == VTERM_PROP_CURSORVISIBLE)
        e->visible = value->boolean;
    if (prop == VTERM_PROP_ALTSCREEN)
        e->alternate = value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

/* Takes bytes up to and including a mark; returns how many. */
static size_t take(struct emulator *e, const char *bytes, size_t len)
{
    const char *mark = memmem(bytes, len, MARK, sizeof MARK - 1);
    size_t shown = mark ? (size_t)(mark - bytes) : len;

    vterm_input_write(e->vterm, bytes, shown);
    (void)buf_add(&e->raw, bytes, shown); /* beyond its ceiling, a test has seen enough */
    if (!mark)
        return len;
    e->marks++;
    return shown + sizeof MARK - 1;
}

/* Bytes at the end that may be the start of a mark wait for more. */
static size_t mark_begun(const struct buf *b)
{
    for (size_t n = sizeof MARK - 2; n > 0; n--)
        if (b->len >= n && memcmp(b->data + b->len - n, MARK, n) == 0)
            return n;
    return 0;
}

static void take_all(struct emulator *e, const char *bytes, size_t len)
{
    pthread_mutex_lock(&e->lock);
    (void)buf_add(&e->part, bytes, len); /* at most one read more than a mark */
    while (e->part.len > mark_begun(&e->part)) {
        bool whole = memmem(e->part.data, e->part.len, MARK, sizeof MARK - 1);
        size_t ready = whole ? e->part.len : e->part.len - mark_begun(&e->part);
        buf_drop(&e->part, take(e, e->part.data, ready));
    }
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

static bool may_read(struct emulator *e)
{
    pthread_mutex_lock(&e->lock);
    bool hold = e->hold;
    e->held = hold;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    return !hold;
}

static bool stopped(struct emulator *e)
{
    pthread_mutex_lock(&e->lock);
    bool stop = e->stop;
    pthread_mutex_unlock(&e->lock);
    return stop;
}

static void *read_all(void *self)
{
    struct emulator *e = self;
    char bytes[8192];

    while (!stopped(e)) {
        struct pollfd fds[] = {{.fd = e->wake[0], .events = POLLIN},
                               {.fd = may_read(e) ? e->master : -1, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents && read(e->wake[0], bytes, sizeof bytes) < 0)
            break;
        if (!(fds[1].revents & (POLLIN | POLLHUP)))
            continue;
        ssize_t n = read(e->master, bytes, sizeof bytes);
        if (n > 0)
            take_all(e, bytes, (size_t)n);
        else if (n == 0 || errno != EINTR)
            break;
    }
    return NULL;
}

/* Never narrower than a wide character: libvterm 0.1 writes its second half out of bounds. */
static void start_vterm(struct emulator *e, int w, int h)
{
    e->vterm = vterm_new(h > 1 ? h : 2, w > 1 ? w : 2);
    vterm_set_utf8(e->vterm, 1);
    e->screen = vterm_obtain_screen(e->vterm);
    vterm_screen_enable_altscreen(e->screen, 1);
    vterm_screen_reset(e->screen, 1);
    vterm_screen_set_callbacks(e->screen, &callbacks, e);
}

/* A new one, blank, as libvterm 0.1 writes out of bounds after some resizes; programs paint
   everything anew. */
static void replace_vterm(struct emulator *e, int w, int h)
{
    vterm_free(e->vterm);
    start_vterm(e, w, h);
    if (e->alternate)
        vterm_input_write(e->vterm, "\x1b[?1049h", 8);
    if (!e->visible)
        vterm_input_write(e->vterm, "\x1b[?25l", 6);
}

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    abort();
}

struct emulator *emulator_new(int w, int h)
{
    struct emulator *e = mem_new(sizeof *e);
    struct winsize size = {.ws_row = (unsigned short)h, .ws_col = (unsigned short)w};

    require(openpty(&e->master, &e->slave, NULL, NULL, &size) == 0, "openpty");
    require(pipe2(e->wake, O_CLOEXEC) == 0, "pipe2");
    require(fcntl(e->master, F_SETFD, FD_CLOEXEC) == 0, "fcntl");
    start_vterm(e, w, h);
    buf_init(&e->raw, RAW_MAX);
    buf_init(&e->text, RAW_MAX);
    buf_init(&e->part, 1 << 20);
    e->visible = true;
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->changed, NULL);
    require(pthread_create(&e->reader, NULL, read_all, e) == 0, "pthread_create");
    return e;
}

static void wake(struct emulator *e)
{
    require(write(e->wake[1], "", 1) == 1, "write");
}

void emulator_free(struct emulator *e)
{
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_mutex_unlock(&e->lock);
    wake(e);
    pthread_join(e->reader, NULL);
    if (e->slave >= 0)
        close(e->slave);
    close(e->master);
    close(e->wake[0]);
    close(e->wake[1]);
    vterm_free(e->vterm);
    buf_free(&e->raw);
    buf_free(&e->text);
    buf_free(&e->part);
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

int emulator_fd(const struct emulator *e)
{
    return e->slave;
}

void emulator_send(struct emulator *e, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(e->master, bytes, len);
        require(n > 0 || errno == EINTR, "write");
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
}

void emulator_resize(struct emulator *e, int w, int h)
{
    struct winsize size = {.ws_row = (unsigned short)h, .ws_col = (unsigned short)w};

    pthread_mutex_lock(&e->lock);
    if (w > 0 && h > 0)
        replace_vterm(e, w, h);
    pthread_mutex_unlock(&e->lock);
    require(ioctl(e->master, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
}

static struct timespec deadline(void)
{
    struct timespec when;

    clock_gettime(CLOCK_REALTIME, &when);
    when.tv_sec += WAIT_SEC;
    return when;
}

/* With the lock held: waits for a change until the deadline. */
static bool wait_change(struct emulator *e, const struct timespec *until)
{
    return pthread_cond_timedwait(&e->changed, &e->lock, until) == 0;
}

void emulator_sync(struct emulator *e)
{
    struct timespec until = deadline();

    pthread_mutex_lock(&e->lock);
    unsigned before = e->marks;
    pthread_mutex_unlock(&e->lock);
    require(write(e->slave, MARK, sizeof MARK - 1) == sizeof MARK - 1, "write");
    pthread_mutex_lock(&e->lock);
    while (e->marks == before)
        require(wait_change(e, &until), "emulator_sync");
    pthread_mutex_unlock(&e->lock);
}

static void add_cell(struct buf *out, const VTermScreenCell *cell)
{
    char bytes[4];

    if (cell->chars[0] == (uint32_t)-1)
        return; /* the right half of a wide one */
    if (cell->chars[0] == 0)
        (void)buf_char(out, ' ');
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++)
        (void)buf_add(out, bytes, utf8_put(bytes, (int32_t)cell->chars[i]));
}

/* With the lock held. */
static const char *text_now(struct emulator *e)
{
    VTermScreenCell cell;
    int w, h;

    buf_clear(&e->text);
    vterm_get_size(e->vterm, &h, &w);
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++)
            if (vterm_screen_get_cell(e->screen, (VTermPos){y, x}, &cell))
                add_cell(&e->text, &cell);
        while (e->text.len > 0 && e->text.data[e->text.len - 1] == ' ')
            buf_cut(&e->text, e->text.len - 1);
        (void)buf_char(&e->text, '\n');
    }
    return e->text.data;
}

const char *emulator_text(struct emulator *e)
{
    pthread_mutex_lock(&e->lock);
    const char *text = text_now(e);
    pthread_mutex_unlock(&e->lock);
    return text;
}

const char *emulator_cell(struct emulator *e, int x, int y)
{
    VTermScreenCell cell = {0};

    pthread_mutex_lock(&e->lock);
    buf_clear(&e->text);
    if (vterm_screen_get_cell(e->screen, (VTermPos){y, x}, &cell))
        add_cell(&e->text, &cell);
    pthread_mutex_unlock(&e->lock);
    return buf_text(&e->text, "") == 0 ? e->text.data : "";
}

static bool wait_text(struct emulator *e, const char *text, bool wanted)
{
    struct timespec until = deadline();
    bool in_time = true, there;

    pthread_mutex_lock(&e->lock);
    while ((there = strstr(text_now(e), text) != NULL) != wanted && in_time)
        in_time = wait_change(e, &until);
    pthread_mutex_unlock(&e->lock);
    return there == wanted;
}

bool emulator_wait(struct emulator *e, const char *text)
{
    return wait_text(e, text, true);
}

bool emulator_wait_gone(struct emulator *e, const char *text)
{
    return wait_text(e, text, false);
}

static int colour_of(const VTermColor *colour)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(colour) || VTERM_COLOR_IS_DEFAULT_BG(colour))
        return -1;
    if (VTERM_COLOR_IS_INDEXED(colour))
        return colour->indexed.idx;
    return 0x1000000 + (colour->rgb.red << 16) + (colour->rgb.green << 8) + colour->rgb.blue;
}

struct emulator_look emulator_look(struct emulator *e, int x, int y)
{
    VTermScreenCell cell = {0};

    pthread_mutex_lock(&e->lock);
    (void)vterm_screen_get_cell(e->screen, (VTermPos){y, x}, &cell);
    pthread_mutex_unlock(&e->lock);
    return (struct emulator_look){.fg = colour_of(&cell.fg),
                                  .bg = colour_of(&cell.bg),
                                  .bold = cell.attrs.bold,
                                  .italic = cell.attrs.italic,
                                  .underline = cell.attrs.underline,
                                  .reverse = cell.attrs.reverse};
}

void emulator_cursor(struct emulator *e, int *x, int *y, bool *visible)
{
    VTermPos at;

    pthread_mutex_lock(&e->lock);
    vterm_state_get_cursorpos(vterm_obtain_state(e->vterm), &at);
    *x = at.col;
    *y = at.row;
    *visible = e->visible;
    pthread_mutex_unlock(&e->lock);
}

bool emulator_saw(struct emulator *e, const char *bytes)
{
    pthread_mutex_lock(&e->lock);
    bool saw = memmem(e->raw.data, e->raw.len, bytes, strlen(bytes)) != NULL;
    pthread_mutex_unlock(&e->lock);
    return saw;
}

bool emulator_wait_bytes(struct emulator *e, const char *bytes)
{
    struct timespec until = deadline();
    bool in_time = true, came;

    pthread_mutex_lock(&e->lock);
    while (!(came = memmem(e->raw.data, e->raw.len, bytes, strlen(bytes)) != NULL) && in_time)
        in_time = wait_change(e, &until);
    pthread_mutex_unlock(&e->lock);
    return came;
}

/* With the lock held: where they came last, and how often. */
static size_t find_all(const struct emulator *e, const char *bytes, const char **last)
{
    const char *at = e->raw.data, *end = at + e->raw.len;
    size_t count = 0;

    while (at && (at = memmem(at, (size_t)(end - at), bytes, strlen(bytes)))) {
        *last = at++;
        count++;
    }
    return count;
}

size_t emulator_times(struct emulator *e, const char *bytes)
{
    const char *last;

    pthread_mutex_lock(&e->lock);
    size_t count = find_all(e, bytes, &last);
    pthread_mutex_unlock(&e->lock);
    return count;
}

bool emulator_ascii(struct emulator *e)
{
    bool ascii = true;

    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; ascii && i < e->raw.len; i++)
        ascii = !(e->raw.data[i] & 0x80);
    pthread_mutex_unlock(&e->lock);
    return ascii;
}

bool emulator_mode(struct emulator *e, int mode)
{
    const char *on = NULL, *off = NULL;
    char set[16], reset[16];

    (void)snprintf(set, sizeof set, "\x1b[?%dh", mode);
    (void)snprintf(reset, sizeof reset, "\x1b[?%dl", mode);
    pthread_mutex_lock(&e->lock);
    bool is_on = find_all(e, set, &on) > 0 && (find_all(e, reset, &off) == 0 || on > off);
    pthread_mutex_unlock(&e->lock);
    return is_on;
}

size_t emulator_seen(struct emulator *e)
{
    pthread_mutex_lock(&e->lock);
    size_t len = e->raw.len;
    pthread_mutex_unlock(&e->lock);
    return len;
}

void emulator_forget(struct emulator *e)
{
    pthread_mutex_lock(&e->lock);
    buf_clear(&e->raw);
    pthread_mutex_unlock(&e->lock);
}

void emulator_sip(struct emulator *e)
{
    struct pollfd fd = {.fd = e->master, .events = POLLIN};
    char byte;

    if (poll(&fd, 1, 0) > 0 && read(e->master, &byte, 1) == 1)
        take_all(e, &byte, 1);
}

void emulator_hold(struct emulator *e, bool hold)
{
    struct timespec until = deadline();

    pthread_mutex_lock(&e->lock);
    e->hold = hold;
    pthread_mutex_unlock(&e->lock);
    wake(e);
    pthread_mutex_lock(&e->lock);
    while (e->held != hold)
        require(wait_change(e, &until), "emulator_hold");
    pthread_mutex_unlock(&e->lock);
}
