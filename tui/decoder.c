/* SPDX-License-Identifier: MIT */
/*
 * One call of parse() looks at the start of the pending bytes and says how many of them it used,
 * and whether they made an event; none used means that more must come. Sequences are those of xterm
 * and its kin, rxvt, the Linux console, and the "CSI u" form of kitty and fixterms.
 */
#include "tui/decoder.h"

#include <string.h>

#include "core/base/sanitize.h"
#include "core/base/utf8.h"

#define ESC 0x1B

#define PENDING_MAX  (1u << 16)
#define SEQUENCE_MAX 64 /* bytes of a CSI sequence; longer ones are no keys */
#define PARAMS_MAX   8
#define KEY_BYTES    8 /* one key press is no longer than this; a paste's next piece is */

enum skip { SKIP_NOTHING, SKIP_CSI, SKIP_STRING };

#define PASTE_START "\x1b[200~"
#define PASTE_END   "\x1b[201~"
#define MARK_LEN    6

/* What the bytes came to. */
struct found {
    size_t used; /* 0: more must come */
    bool event;  /* *event was filled */
};

static const struct found more = {0, false};

struct csi {
    char prefix; /* '<', '?', '>', '=' or 0 */
    int params[PARAMS_MAX];
    int count;
    char final;
};

struct code {
    int number;
    int32_t code;
};

/* CSI number ~ */
static const struct code tildes[] = {
    {1, KEYCODE_HOME},     {2, KEYCODE_INSERT},    {3, KEYCODE_DELETE},   {4, KEYCODE_END},
    {5, KEYCODE_PAGE_UP},  {6, KEYCODE_PAGE_DOWN}, {7, KEYCODE_HOME},     {8, KEYCODE_END},
    {11, KEYCODE_F1},      {12, KEYCODE_F1 + 1},   {13, KEYCODE_F1 + 2},  {14, KEYCODE_F1 + 3},
    {15, KEYCODE_F1 + 4},  {17, KEYCODE_F1 + 5},   {18, KEYCODE_F1 + 6},  {19, KEYCODE_F1 + 7},
    {20, KEYCODE_F1 + 8},  {21, KEYCODE_F1 + 9},   {23, KEYCODE_F1 + 10}, {24, KEYCODE_F1 + 11},
    {25, KEYCODE_F1 + 12}, {26, KEYCODE_F1 + 13},  {28, KEYCODE_F1 + 14}, {29, KEYCODE_F1 + 15},
    {31, KEYCODE_F1 + 16}, {32, KEYCODE_F1 + 17},  {33, KEYCODE_F1 + 18}, {34, KEYCODE_F1 + 19},
};

/* CSI letter and SS3 letter */
static const struct code letters[] = {
    {'A', KEYCODE_UP},     {'B', KEYCODE_DOWN},   {'C', KEYCODE_RIGHT}, {'D', KEYCODE_LEFT},
    {'H', KEYCODE_HOME},   {'F', KEYCODE_END},    {'P', KEYCODE_F1},    {'Q', KEYCODE_F1 + 1},
    {'R', KEYCODE_F1 + 2}, {'S', KEYCODE_F1 + 3}, {'M', KEYCODE_ENTER},
};

/* SS3 letters of the keypad in application mode */
static const struct code keypad[] = {
    {'j', '*'}, {'k', '+'}, {'l', ','}, {'m', '-'},         {'n', '.'}, {'o', '/'}, {'p', '0'},
    {'q', '1'}, {'r', '2'}, {'s', '3'}, {'t', '4'},         {'u', '5'}, {'v', '6'}, {'w', '7'},
    {'x', '8'}, {'y', '9'}, {'X', '='}, {'I', KEYCODE_TAB}, {' ', ' '},
};

/* CSI code u, where it is no character */
static const struct code unicode_codes[] = {
    {9, KEYCODE_TAB},         {13, KEYCODE_ENTER},    {27, KEYCODE_ESC},
    {127, KEYCODE_BACKSPACE}, {57414, KEYCODE_ENTER},
};

#define FIND(table, number) find_code(table, sizeof table / sizeof *table, number)

static int32_t find_code(const struct code *table, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].number == number)
            return table[i].code;
    return KEYCODE_NONE;
}

static struct found key_found(struct tty_event *event, size_t used, int32_t code, unsigned mods)
{
    if (code == KEYCODE_NONE)
        return (struct found){used, false};
    event->kind = TTY_KEY;
    event->key = key_normal((struct key){code, mods});
    return (struct found){used, true};
}

/* xterm's modifier parameter: 1 + shift 1, alt 2, ctrl 4. */
static unsigned mods_of(int param)
{
    unsigned bits = param > 1 ? (unsigned)param - 1 : 0;

    return (bits & 1 ? KEYMOD_SHIFT : 0) | (bits & 2 ? KEYMOD_ALT : 0) |
           (bits & 4 ? KEYMOD_CTRL : 0);
}

/* Parameters are numbers between ';'; what stands behind a ':' (kinds of events) is dropped, but
   a key's release, which is 3. Returns whether it is one. */
static bool read_params(struct csi *csi, const char *at, size_t len)
{
    bool sub = false, release = false;
    int value = 0;

    for (size_t i = 0; i <= len; i++) {
        int c = i < len ? at[i] : ';';
        if (c >= '0' && c <= '9') {
            value = value < 100000 ? value * 10 + (c - '0') : value;
        } else if (c == ':' || c == ';') {
            if (!sub && csi->count < PARAMS_MAX)
                csi->params[csi->count++] = value;
            release = release || (sub && value == 3);
            sub = c == ':';
            value = 0;
        }
    }
    return release;
}

static int param(const struct csi *csi, int index, int otherwise)
{
    return index < csi->count && csi->params[index] > 0 ? csi->params[index] : otherwise;
}

static struct found mouse_found(struct tty_event *event, size_t used, int bits, int x, int y,
                                bool release)
{
    struct mouse mouse = {.x = x - 1, .y = y - 1, .button = (bits & 3) + 1};

    if (x < 1 || y < 1 || bits & 128)
        return (struct found){used, false};
    mouse.mods =
        (bits & 4 ? KEYMOD_SHIFT : 0) | (bits & 8 ? KEYMOD_ALT : 0) | (bits & 16 ? KEYMOD_CTRL : 0);
    if (bits & 64) {
        if (bits & 2) /* sideways */
            return (struct found){used, false};
        mouse.kind = bits & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
        mouse.button = 0;
    } else if (bits & 32) {
        if (mouse.button == 4) /* moved with no button down */
            return (struct found){used, false};
        mouse.kind = MOUSE_DRAG;
    } else {
        mouse.kind = release || mouse.button == 4 ? MOUSE_RELEASE : MOUSE_PRESS;
        mouse.button = mouse.button == 4 ? 0 : mouse.button;
    }
    event->kind = TTY_MOUSE;
    event->mouse = mouse;
    return (struct found){used, true};
}

static struct found focus_found(struct tty_event *event, size_t used, bool in)
{
    event->kind = in ? TTY_FOCUSED : TTY_BLURRED;
    return (struct found){used, true};
}

/* A key by its code point, as kitty, fixterms and xterm's modifyOtherKeys report it. */
static struct found unicode_found(struct tty_event *event, size_t used, int number, unsigned mods)
{
    int32_t code = FIND(unicode_codes, number);
    bool control = number < ' ' || (number >= 0x7F && number < 0xA0);
    bool own = number >= 0xD800 && number < 0xF900; /* surrogates, and kitty's own keys */

    if (code == KEYCODE_NONE && number <= 0x10FFFF && !control && !own)
        code = number;
    if ((mods & KEYMOD_SHIFT) && code >= 'a' && code <= 'z')
        code -= 'a' - 'A';
    return key_found(event, used, code, mods);
}

static struct found tilde_found(struct decoder *in, struct tty_event *event, const struct csi *csi,
                                size_t used, unsigned alt)
{
    unsigned extra = csi->final == '^'   ? KEYMOD_CTRL /* rxvt's way */
                     : csi->final == '$' ? KEYMOD_SHIFT
                     : csi->final == '@' ? KEYMOD_CTRL | KEYMOD_SHIFT
                                         : 0;
    int number = param(csi, 0, 0);

    if (csi->final == '~' && number == 200) {
        in->pasting = true;
        in->stalled = in->cut = in->cr = false;
        buf_clear(&in->paste);
        return (struct found){used, false};
    }
    if (csi->final == '~' && number == 27 && csi->count >= 3) /* modifyOtherKeys */
        return unicode_found(event, used, param(csi, 2, 0), mods_of(param(csi, 1, 1)) | alt);
    return key_found(event, used, FIND(tildes, number), mods_of(param(csi, 1, 1)) | extra | alt);
}

static struct found csi_found(struct decoder *in, struct tty_event *event, const struct csi *csi,
                              size_t used, unsigned alt)
{
    if (csi->prefix == '<' && (csi->final == 'M' || csi->final == 'm') && csi->count == 3)
        return mouse_found(event, used, csi->params[0], csi->params[1], csi->params[2],
                           csi->final == 'm');
    if (csi->prefix)
        return (struct found){used, false};
    switch (csi->final) {
    case 'I': return focus_found(event, used, true);
    case 'O': return focus_found(event, used, false);
    case 'Z': return key_found(event, used, KEYCODE_TAB, KEYMOD_SHIFT | alt);
    case '~':
    case '^':
    case '$':
    case '@': return tilde_found(in, event, csi, used, alt);
    case 'u': return unicode_found(event, used, param(csi, 0, 0), mods_of(param(csi, 1, 1)) | alt);
    case 'a':
    case 'b':
    case 'c':
    case 'd': return key_found(event, used, FIND(letters, csi->final - 32), KEYMOD_SHIFT | alt);
    default: break;
    }
    if (param(csi, 0, 1) != 1 || csi->final == 'M') /* a report, such as the cursor's place */
        return (struct found){used, false};
    return key_found(event, used, FIND(letters, csi->final), mods_of(param(csi, 1, 1)) | alt);
}

static bool is_final(char c)
{
    return c >= '@' && c <= '~';
}

/* No sequence goes on behind one: it was cut off, and something else begins. */
static bool is_control(char c)
{
    return (unsigned char)c < ' ';
}

/* The X10 form of a mouse report: three bytes behind CSI M. */
static struct found parse_x10(struct tty_event *event, const char *b, size_t n, size_t head)
{
    const unsigned char *at = (const unsigned char *)b + head;

    for (size_t i = head; i < n && i < head + 3; i++)
        if (b[i] == ESC)
            return (struct found){i, false};
    if (n < head + 3)
        return more;
    if (at[0] < 32 || at[1] < 33 || at[2] < 33)
        return (struct found){head + 3, false};
    return mouse_found(event, head + 3, at[0] - 32, at[1] - 32, at[2] - 32, false);
}

/* The Linux console's F1 to F5: a letter behind CSI [. */
static struct found parse_linux(struct tty_event *event, const char *b, size_t n, size_t head,
                                unsigned alt)
{
    if (n == head)
        return more;
    if (is_control(b[head]))
        return (struct found){head, false};
    int32_t code = b[head] >= 'A' && b[head] <= 'E' ? KEYCODE_F1 + (b[head] - 'A') : KEYCODE_NONE;
    return key_found(event, head + 1, code, alt);
}

static struct found skip_rest(struct decoder *in, enum skip skip, size_t used)
{
    in->skip = skip;
    return (struct found){used, false};
}

/* Goes on dropping a report. */
static struct found parse_skipped(struct decoder *in, const char *b, size_t n)
{
    bool string = in->skip == SKIP_STRING;

    for (size_t at = 0; at < n; at++) {
        bool st = b[at] == ESC && at + 1 < n && b[at + 1] == '\\';
        bool end = string ? b[at] == '\a' || st : is_final(b[at]);
        bool stray = !string && (b[at] < ' ' || b[at] > '~');
        if (end || stray) {
            in->skip = SKIP_NOTHING;
            return (struct found){at + (stray ? 0 : st ? 2 : 1), false};
        }
        if (string && b[at] == ESC && at + 1 == n && !in->expired)
            return (struct found){at, false};
    }
    return (struct found){n, false};
}

/* CSI, its two bytes at b[head - 2]. */
static struct found parse_csi(struct decoder *in, struct tty_event *event, const char *b, size_t n,
                              size_t head, unsigned alt)
{
    struct csi csi = {0};
    size_t at = head;

    if (n == head)
        return more;
    if (b[at] == '[')
        return parse_linux(event, b, n, at + 1, alt);
    if (b[at] == 'M')
        return parse_x10(event, b, n, at + 1);
    if (b[at] >= '<' && b[at] <= '?')
        csi.prefix = b[at++];
    size_t first = at;
    while (at < n && b[at] >= ' ' && b[at] <= '?' && (b[at] != '$' || csi.prefix))
        at++;
    if (at > SEQUENCE_MAX)
        return skip_rest(in, SKIP_CSI, at);
    if (at == n)
        return more;
    csi.final = b[at];
    if (csi.final == '$' && n == at + 1 && !in->expired)
        return more;
    if (csi.final == '$' && n > at + 1 &&
        is_final(b[at + 1])) /* a report: the mark was not final */
        return (struct found){at + 2, false};
    if (!is_final(csi.final) && csi.final != '$')
        return (struct found){at, false};
    if (read_params(&csi, b + first, at - first))
        return (struct found){at + 1, false};
    return csi_found(in, event, &csi, at + 1, alt);
}

static struct found parse_ss3(struct tty_event *event, const char *b, size_t n, size_t head,
                              unsigned alt)
{
    if (n == head)
        return more;
    if (is_control(b[head]))
        return (struct found){head, false};
    int32_t code = FIND(letters, b[head]);
    if (code == KEYCODE_NONE)
        code = FIND(keypad, b[head]);
    if (code == KEYCODE_NONE && b[head] >= 'a' && b[head] <= 'd') /* rxvt: with Ctrl */
        return key_found(event, head + 1, FIND(letters, b[head] - 32), KEYMOD_CTRL | alt);
    return key_found(event, head + 1, code, alt);
}

static int32_t control_code(unsigned char c, unsigned *mods)
{
    switch (c) {
    case '\t': return KEYCODE_TAB;
    case '\r': return KEYCODE_ENTER;
    case 0x7F: return KEYCODE_BACKSPACE;
    case ESC: return KEYCODE_ESC;
    default: break;
    }
    *mods |= KEYMOD_CTRL;
    return c == 0 ? ' ' : c <= 26 ? c + 'a' - 1 : c + '@';
}

/* A character, a control or the key Esc, behind `head` bytes that are its Alt. */
static struct found parse_char(struct tty_event *event, const char *b, size_t n, size_t head,
                               unsigned mods, bool expired)
{
    int32_t cp;
    size_t used = utf8_next(b + head, n - head, &cp);

    if (cp == -2)
        return expired ? (struct found){n, false} : more;
    if (cp < 0 || (cp >= 0x80 && cp < 0xA0))
        return (struct found){head + used, false};
    if (cp < ' ' || cp == 0x7F)
        cp = control_code((unsigned char)cp, &mods);
    return key_found(event, head + used, cp, mods);
}

static bool opens(char c)
{
    return c == '[' || c == 'O';
}

static struct found parse_escape(struct decoder *in, struct tty_event *event, const char *b,
                                 size_t n)
{
    if (n == 1)
        return in->expired ? key_found(event, 1, KEYCODE_ESC, 0) : more;
    if (b[1] == ESC) {
        if (n == 2)
            return in->expired ? key_found(event, 1, KEYCODE_ESC, 0) : more;
        if (!opens(b[2]))
            return key_found(event, 1, KEYCODE_ESC, 0);
    }
    size_t head = b[1] == ESC ? 3 : 2;
    unsigned alt = b[1] == ESC ? KEYMOD_ALT : 0;
    if (opens(b[head - 1])) {
        struct found found = b[head - 1] == '[' ? parse_csi(in, event, b, n, head, alt)
                                                : parse_ss3(event, b, n, head, alt);
        if (found.used > 0 || !in->expired)
            return found;
        if (n == head) /* Alt-[ or Alt-O, typed */
            return parse_char(event, b, n, head - 1, KEYMOD_ALT, true);
        return (struct found){n, false}; /* the start of a sequence whose rest never came */
    }
    bool string = b[1] == ']' || b[1] == 'P' || b[1] == '_'; /* or Alt and that key, alone */
    if (string && n == 2 && !in->expired)
        return more;
    if (string && n > 2)
        return skip_rest(in, SKIP_STRING, 2);
    return parse_char(event, b, n, 1, KEYMOD_ALT, in->expired);
}

/* Room for one more byte, or the rest of the paste is dropped. */
static void paste_byte(struct decoder *in, char c)
{
    if (in->paste.len >= DECODER_PASTE || buf_char(&in->paste, c) < 0)
        in->cut = true;
}

/* Takes the bytes of a paste: line ends become LF; of the controls only LF and TAB are text. */
static void paste_bytes(struct decoder *in, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)b[i];
        bool lf = c == '\n' && in->cr;
        in->cr = c == '\r';
        if (c == '\r')
            paste_byte(in, '\n');
        else if (!lf && (c >= ' ' || c == '\n' || c == '\t') && c != 0x7F)
            paste_byte(in, b[i]);
    }
}

/* The bytes at the end of b that could be the start of an end mark. */
static size_t mark_begun(const char *b, size_t n)
{
    for (size_t len = MARK_LEN - 1; len > 0; len--)
        if (n >= len && memcmp(b + n - len, PASTE_END, len) == 0)
            return len;
    return 0;
}

/* An end mark that has another behind it, and no new paste between, was in the text itself. */
static bool is_fake_end(const char *rest, size_t n)
{
    const char *end = memmem(rest, n, PASTE_END, MARK_LEN);
    const char *start = memmem(rest, n, PASTE_START, MARK_LEN);

    return end && (!start || end < start);
}

/* C1 controls and bytes that are no UTF-8 come out of the whole text: a character may have arrived
   in two pieces. */
static void clean_paste(struct decoder *in)
{
    struct buf clean;

    buf_init(&clean, 3 * (size_t)DECODER_PASTE);
    for (size_t at = 0; at < in->paste.len;) {
        int32_t cp;
        size_t used = utf8_next(in->paste.data + at, in->paste.len - at, &cp);
        int rc = 0;
        if (cp < 0)
            rc = buf_text(&clean, "\ufffd");
        else if (cp < 0x80 || cp >= 0xA0)
            rc = buf_add(&clean, in->paste.data + at, used);
        if (rc < 0)
            break;
        at += used;
    }
    buf_free(&in->paste);
    in->paste = clean;
}

static bool paste_out(struct decoder *in, struct tty_event *event)
{
    clean_paste(in);
    *event = (struct tty_event){
        .kind = TTY_PASTED, .text = in->paste.data, .len = in->paste.len, .cut = in->cut};
    in->taken = true;
    in->cut = false;
    return event->len > 0;
}

static size_t left(const struct decoder *in)
{
    return in->pending.len - in->at;
}

/* Inside a paste: true when it has ended and is in *event. */
static bool parse_paste(struct decoder *in, struct tty_event *event)
{
    const char *b = in->pending.data + in->at;
    size_t n = left(in);
    const char *end = memmem(b, n, PASTE_END, MARK_LEN);
    size_t len = end ? (size_t)(end - b) : n - mark_begun(b, n);

    paste_bytes(in, b, len);
    in->at += end ? len + MARK_LEN : len;
    if (!end || is_fake_end(in->pending.data + in->at, left(in)))
        return false;
    in->pasting = false;
    return paste_out(in, event);
}

static struct found parse(struct decoder *in, struct tty_event *event)
{
    const char *b = in->pending.data + in->at;
    size_t n = left(in);

    *event = (struct tty_event){0};
    if (in->skip != SKIP_NOTHING)
        return parse_skipped(in, b, n);
    if (b[0] == ESC)
        return parse_escape(in, event, b, n);
    return parse_char(event, b, n, 0, 0, in->expired);
}

void decoder_init(struct decoder *in)
{
    *in = (struct decoder){0};
    buf_init(&in->pending, PENDING_MAX);
    buf_init(&in->paste, 3 * (size_t)DECODER_PASTE);
}

void decoder_free(struct decoder *in)
{
    buf_free(&in->pending);
    buf_free(&in->paste);
}

void decoder_feed(struct decoder *in, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    buf_drop(&in->pending, in->at);
    in->at = 0;
    in->expired = false;
    if (in->pasting && in->stalled && len <= KEY_BYTES && in->pending.len == 0)
        in->pasting = false; /* somebody typed: the end of the paste is not coming */
    in->stalled = false;
    if (buf_add(&in->pending, bytes, len) < 0)
        buf_clear(&in->pending); /* garbage without end */
}

static bool next_pasted(struct decoder *in, struct tty_event *event)
{
    size_t before = in->at;

    if (in->stalled)
        return in->paste.len > 0 && paste_out(in, event);
    while (in->pasting && left(in) > 0) {
        if (parse_paste(in, event))
            return true;
        if (in->at == before)
            return false;
        before = in->at;
    }
    return false;
}

bool decoder_next(struct decoder *in, struct tty_event *event)
{
    if (in->taken) {
        in->taken = false;
        buf_clear(&in->paste);
    }
    for (;;) {
        if (in->pasting && next_pasted(in, event))
            return true;
        if (in->pasting || left(in) == 0)
            return false;
        int skip = in->skip;
        struct found found = parse(in, event);
        in->at += found.used;
        if (found.event)
            return true;
        if (found.used == 0 && in->skip == skip)
            return false;
    }
}

int decoder_wait(const struct decoder *in)
{
    if (in->pasting)
        return in->stalled ? -1 : DECODER_STALL_MS;
    return left(in) > 0 || in->skip != SKIP_NOTHING ? DECODER_ESC_MS : -1;
}

void decoder_expire(struct decoder *in)
{
    if (in->pasting)
        in->stalled = true;
    else
        in->expired = true;
    if (left(in) == 0)
        in->skip = SKIP_NOTHING;
}
