/* SPDX-License-Identifier: MIT */
/*
 * Three stages, one character at a time: the escape machine swallows terminal sequences,
 * charclass_of says what a character is, and the table of treatments says what each mode does with
 * that class. Only what was put decides what comes next (marks on a base, joiners between letters),
 * so a text that went through once comes through again unchanged.
 */
#include "core/base/sanitize.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/charclass.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#define ESC 0x1B
#define BEL 0x07
#define CAN 0x18
#define SUB 0x1A
#define ST  0x9C

#define SWALLOW_MAX 4096 /* bytes of one sequence; then text is text again */
#define MARKS_MAX   4    /* what a curses cell holds beside its base */
#define SPACES_MAX  8    /* longer runs are told as a number in an approval */
#define LINES_MAX   2

enum step { GROUND, AFTER_ESC, INTERMEDIATE, CSI, OSC, STRING, STRING_ESC };

/* What the last base was, for marks, selectors and joiners. */
enum base { BASE_NONE, BASE_OTHER, BASE_JOINING, BASE_EMOJI, BASE_KEYCAP };

enum treatment {
    PASS,
    DROP,
    CARET,   /* ^M */
    CODE,    /* \u{202e} */
    BYTES,   /* \xHH for each byte */
    REPLACE, /* U+FFFD */
    NEWLINE,
    RETURN, /* shown ⏎, and no new line */
    ONE_SPACE,
    ARROW,     /* → */
    BACKSLASH, /* \e */
    LINE_END,  /* a CR: decided by what follows */
    BETWEEN,   /* a joiner: decided by what stands on both sides */
    COUNT,     /* a run is put when it ends */
    SEQUENCE,  /* starts a terminal sequence, or is one */
    ON_EMOJI,  /* kept behind an emoji, once */
    ON_BASE    /* kept while there are no more than MARKS_MAX */
};

/* clang-format off */
static const enum treatment treatments[CHAR_CLASSES][SANITIZE_MODES] = {
    /*                    OUTPUT    LINE       APPROVAL   MODEL */
    [CHAR_PLAIN]     = { PASS,     PASS,      PASS,      PASS },
    [CHAR_JOINING]   = { PASS,     PASS,      PASS,      PASS },
    [CHAR_EMOJI]     = { PASS,     PASS,      PASS,      PASS },
    [CHAR_MARK]      = { ON_BASE,  ON_BASE,   ON_BASE,   PASS },
    [CHAR_SPACE]     = { PASS,     PASS,      COUNT,     PASS },
    [CHAR_BLANK]     = { PASS,     PASS,      CODE,      PASS },
    [CHAR_WRONG]     = { REPLACE,  REPLACE,   BYTES,     REPLACE },
    [CHAR_LF]        = { NEWLINE,  RETURN,    COUNT,     NEWLINE },
    [CHAR_TAB]       = { PASS,     ONE_SPACE, ARROW,     PASS },
    [CHAR_CR]        = { LINE_END, LINE_END,  LINE_END,  PASS },
    [CHAR_CONTROL]   = { CARET,    CARET,     CARET,     CARET },
    [CHAR_ESC]       = { SEQUENCE, SEQUENCE,  BACKSLASH, SEQUENCE },
    [CHAR_C1]        = { SEQUENCE, SEQUENCE,  CODE,      SEQUENCE },
    [CHAR_NEL]       = { NEWLINE,  RETURN,    CODE,      NEWLINE },
    [CHAR_SEPARATOR] = { NEWLINE,  RETURN,    CODE,      PASS },
    [CHAR_BIDI]      = { CODE,     CODE,      CODE,      CODE },
    [CHAR_HIDDEN]    = { DROP,     DROP,      CODE,      DROP },
    [CHAR_SELECTOR]  = { ON_EMOJI, ON_EMOJI,  CODE,      ON_EMOJI },
    [CHAR_JOINER]    = { BETWEEN,  BETWEEN,   CODE,      BETWEEN },
};
/* clang-format on */

static void put_plain(struct sanitize *s, const char *text, size_t len)
{
    s->sink.put(s->sink.self, text, len, false);
}

/* A picture is no base: in an approval, marks behind it are shown as codes too. */
static void put_shown(struct sanitize *s, const char *text)
{
    s->sink.put(s->sink.self, text, strlen(text), true);
    s->base = BASE_OTHER;
    s->marks = s->mode == SANITIZE_APPROVAL ? MARKS_MAX : 0;
    s->selector = false;
}

static void put_newline(struct sanitize *s)
{
    put_plain(s, "\n", 1);
    s->base = BASE_NONE;
    s->marks = 0;
    s->selector = false;
}

static void put_spaces(struct sanitize *s)
{
    char shown[48];
    uint64_t count = s->spaces;

    s->spaces = 0;
    if (count > SPACES_MAX) {
        snprintf(shown, sizeof shown, "⟨%llu spaces⟩", (unsigned long long)count);
        put_shown(s, shown);
    } else if (count > 0) {
        put_plain(s, "        ", count);
        s->base = BASE_OTHER;
        s->marks = 0;
    }
}

static void put_lines(struct sanitize *s)
{
    char shown[48];
    uint64_t count = s->lines;

    s->lines = 0;
    if (count > LINES_MAX) {
        snprintf(shown, sizeof shown, s->crlf ? "⟨%llu CRLF lines⟩" : "⟨%llu lines⟩",
                 (unsigned long long)count);
        put_shown(s, shown);
        put_newline(s);
        return;
    }
    while (count-- > 0) {
        put_shown(s, s->crlf ? "␍⏎" : "⏎");
        put_newline(s);
    }
}

/* Counts one more of a run; a run of another kind ends first, so order is kept. */
static void count_run(struct sanitize *s, enum charclass kind, bool crlf)
{
    if (kind == CHAR_SPACE) {
        put_lines(s);
        s->spaces++;
        return;
    }
    put_spaces(s);
    if (s->lines > 0 && s->crlf != crlf)
        put_lines(s);
    s->crlf = crlf;
    s->lines++;
}

static void put_caret(struct sanitize *s, int32_t cp)
{
    const char shown[] = {'^', (char)(cp ^ 0x40), '\0'};

    put_shown(s, shown);
}

static void put_code(struct sanitize *s, int32_t cp)
{
    char shown[16];

    snprintf(shown, sizeof shown, "\\u{%x}", (unsigned)cp);
    put_shown(s, shown);
}

static void put_bytes(struct sanitize *s, const char *bytes, size_t len)
{
    char shown[8];

    for (size_t i = 0; i < len; i++) {
        snprintf(shown, sizeof shown, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
        put_shown(s, shown);
    }
}

/* A joiner stays where it changes how its neighbours are written, and nowhere else. */
static void settle_joiner(struct sanitize *s, enum charclass next)
{
    char text[4];
    bool wanted = (s->base == BASE_JOINING && next == CHAR_JOINING) ||
                  (s->base == BASE_EMOJI && next == CHAR_EMOJI);

    if (wanted)
        put_plain(s, text, utf8_put(text, s->joiner));
    else
        s->counts.invisible++;
    s->joiner = 0;
}

/* A CR that was held: the first half of a line end, or a picture of itself. */
static void settle_cr(struct sanitize *s, bool line_end)
{
    s->cr = false;
    if (!line_end) {
        put_spaces(s);
        put_lines(s);
        put_caret(s, '\r');
    } else if (s->mode == SANITIZE_APPROVAL) {
        count_run(s, CHAR_LF, true);
    }
}

static enum base base_of(enum charclass kind, char last)
{
    if (kind == CHAR_JOINING)
        return BASE_JOINING;
    if (kind == CHAR_EMOJI)
        return BASE_EMOJI;
    return (last >= '0' && last <= '9') || last == '#' || last == '*' ? BASE_KEYCAP : BASE_OTHER;
}

static void pass(struct sanitize *s, enum charclass kind, const char *bytes, size_t len)
{
    put_plain(s, bytes, len);
    if (kind == CHAR_MARK) {
        s->marks++;
        return;
    }
    s->base = base_of(kind, bytes[len - 1]);
    s->marks = 0;
    s->selector = false;
}

static void keep_mark(struct sanitize *s, int32_t cp, const char *bytes, size_t len)
{
    if (s->marks < MARKS_MAX)
        pass(s, CHAR_MARK, bytes, len);
    else if (s->mode == SANITIZE_APPROVAL)
        put_code(s, cp);
    else
        s->counts.invisible++;
}

static void keep_selector(struct sanitize *s, const char *bytes, size_t len)
{
    bool carrier = s->base == BASE_EMOJI || s->base == BASE_KEYCAP;

    if (carrier && !s->selector && s->marks == 0 && !s->joiner) {
        put_plain(s, bytes, len);
        s->selector = true;
    } else {
        s->counts.invisible++;
    }
}

static void hold_joiner(struct sanitize *s, int32_t cp)
{
    if (s->joiner)
        s->counts.invisible++;
    else
        s->joiner = cp;
}

static void start_sequence(struct sanitize *s, int32_t cp)
{
    s->swallowed = 1;
    s->counts.escapes++;
    switch (cp) {
    case ESC: s->step = AFTER_ESC; break;
    case 0x9B: s->step = CSI; break;
    case 0x9D: s->step = OSC; break;
    case 0x90:
    case 0x98:
    case 0x9E:
    case 0x9F: s->step = STRING; break;
    default: s->step = GROUND; /* a C1 control that stands alone */
    }
}

static void count_found(struct sanitize *s, enum charclass kind)
{
    if (kind == CHAR_WRONG)
        s->counts.wrong++;
    else if (kind == CHAR_BIDI)
        s->counts.bidi++;
    else if (kind == CHAR_HIDDEN)
        s->counts.invisible++;
    else if (s->mode == SANITIZE_APPROVAL && (kind == CHAR_SELECTOR || kind == CHAR_JOINER))
        s->counts.invisible++;
    else if (s->mode == SANITIZE_APPROVAL && (kind == CHAR_ESC || kind == CHAR_C1))
        s->counts.escapes++;
}

/* What leaves the character before it alone: it puts nothing, or not yet. */
static bool puts_nothing(enum treatment treatment)
{
    return treatment == DROP || treatment == SEQUENCE || treatment == BETWEEN ||
           treatment == ON_EMOJI;
}

static void treat(struct sanitize *s, enum treatment treatment, enum charclass kind, int32_t cp,
                  const char *bytes, size_t len)
{
    switch (treatment) {
    case PASS: pass(s, kind, bytes, len); break;
    case DROP: break;
    case CARET: put_caret(s, cp); break;
    case CODE: put_code(s, cp); break;
    case BYTES: put_bytes(s, bytes, len); break;
    case REPLACE: pass(s, CHAR_PLAIN, "\xef\xbf\xbd", 3); break;
    case NEWLINE: put_newline(s); break;
    case RETURN: put_shown(s, "⏎"); break;
    case ONE_SPACE: pass(s, CHAR_PLAIN, " ", 1); break;
    case ARROW: put_shown(s, "→"); break;
    case BACKSLASH: put_shown(s, "\\e"); break;
    case LINE_END: s->cr = true; break;
    case BETWEEN: hold_joiner(s, cp); break;
    case COUNT: count_run(s, kind, false); break;
    case SEQUENCE: start_sequence(s, cp); break;
    case ON_EMOJI: keep_selector(s, bytes, len); break;
    case ON_BASE: keep_mark(s, cp, bytes, len); break;
    }
}

static void take_text(struct sanitize *s, int32_t cp, const char *bytes, size_t len)
{
    enum charclass kind = charclass_of(cp);
    enum treatment treatment = treatments[kind][s->mode];

    if (s->cr) {
        bool line_end = kind == CHAR_LF;
        settle_cr(s, line_end);
        if (line_end && s->mode == SANITIZE_APPROVAL)
            return;
    }
    if (s->joiner && !puts_nothing(treatment))
        settle_joiner(s, kind);
    if (treatment != COUNT && treatment != LINE_END) {
        put_spaces(s);
        put_lines(s);
    }
    count_found(s, kind);
    treat(s, treatment, kind, cp, bytes, len);
}

/* One character behind ESC. False: it is not part of a sequence. */
static bool step_after_esc(struct sanitize *s, int32_t cp)
{
    if (cp == '[')
        s->step = CSI;
    else if (cp == ']')
        s->step = OSC;
    else if (cp == 'P' || cp == 'X' || cp == '^' || cp == '_')
        s->step = STRING;
    else if (cp >= 0x20 && cp <= 0x2F)
        s->step = INTERMEDIATE;
    else if (cp >= 0x30 && cp <= 0x7E)
        s->step = GROUND;
    else
        return false;
    return true;
}

/* Parameters go on, a final byte ends, anything else was never part of it. */
static bool step_parameters(struct sanitize *s, int32_t cp, int32_t last_parameter)
{
    if (cp < 0x20 || cp > 0x7E) {
        s->step = GROUND;
        return false;
    }
    if (cp > last_parameter)
        s->step = GROUND;
    return true;
}

static void step_string(struct sanitize *s, int32_t cp)
{
    if (cp == ST || cp == CAN || cp == SUB || (cp == BEL && s->step == OSC))
        s->step = GROUND;
    else if (cp == ESC)
        s->step = STRING_ESC;
}

static void not_a_sequence(struct sanitize *s)
{
    s->step = GROUND;
    s->counts.escapes--;
    if (s->joiner)
        settle_joiner(s, CHAR_CONTROL);
    put_caret(s, ESC);
}

/* True: the character belonged to a terminal sequence and is gone. */
static bool take_sequence(struct sanitize *s, int32_t cp, size_t len)
{
    s->swallowed += len;
    if (s->swallowed > SWALLOW_MAX) {
        s->step = GROUND;
        return false;
    }
    if (s->step == STRING_ESC) {
        if (cp == '\\') {
            s->step = GROUND;
            return true;
        }
        start_sequence(s, ESC); /* it cut the string short and starts the next */
    }
    switch (s->step) {
    case AFTER_ESC:
        if (step_after_esc(s, cp))
            return true;
        not_a_sequence(s);
        return false;
    case INTERMEDIATE: return step_parameters(s, cp, 0x2F);
    case CSI: return step_parameters(s, cp, 0x3F);
    default: step_string(s, cp); return true;
    }
}

static void take(struct sanitize *s, int32_t cp, const char *bytes, size_t len)
{
    if (s->step != GROUND && take_sequence(s, cp, len))
        return;
    take_text(s, cp, bytes, len);
}

/* Bytes that need no thought: printable ASCII, with nothing waiting. */
static size_t plain_run(const struct sanitize *s, const char *text, size_t len)
{
    char first = s->mode == SANITIZE_APPROVAL ? '!' : ' ';
    size_t at = 0;

    if (s->step != GROUND || s->cr || s->joiner || s->spaces || s->lines)
        return 0;
    while (at < len && text[at] >= first && text[at] < 0x7F)
        at++;
    return at;
}

/* Completes a character that the last piece began. Returns bytes used of this piece. */
static size_t finish_held(struct sanitize *s, const char *text, size_t len)
{
    char bytes[8];
    int32_t cp;
    size_t before = s->held_len, more = len < 4 ? len : 4;

    memcpy(bytes, s->held, before);
    memcpy(bytes + before, text, more);
    size_t used = utf8_next(bytes, before + more, &cp);
    if (cp == -2) {
        memcpy(s->held, bytes, before + more);
        s->held_len = before + more;
        return more;
    }
    s->held_len = 0;
    take(s, cp, bytes, used);
    return used - before;
}

void sanitize_start(struct sanitize *s, enum sanitize_mode mode, struct sanitize_sink sink)
{
    *s = (struct sanitize){.mode = mode, .sink = sink};
}

void sanitize_feed(struct sanitize *s, const char *text, size_t len)
{
    size_t at = 0;

    if (s->held_len > 0 && len > 0)
        at = finish_held(s, text, len);
    while (at < len) {
        int32_t cp;
        size_t run = plain_run(s, text + at, len - at);
        if (run > 0) {
            pass(s, CHAR_PLAIN, text + at, run);
            at += run;
            continue;
        }
        size_t used = utf8_next(text + at, len - at, &cp);
        if (cp == -2) {
            memcpy(s->held, text + at, used);
            s->held_len = used;
            return;
        }
        take(s, cp, text + at, used);
        at += used;
    }
}

void sanitize_end(struct sanitize *s)
{
    size_t held = s->held_len;

    s->held_len = 0;
    if (held > 0)
        take(s, -1, s->held, held);
    if (s->step == AFTER_ESC)
        not_a_sequence(s);
    s->step = GROUND;
    if (s->cr)
        settle_cr(s, false);
    if (s->joiner)
        settle_joiner(s, CHAR_CONTROL);
    put_spaces(s);
    put_lines(s);
}

struct whole {
    struct buf *out;
    int rc;
};

static void put_in_buf(void *self, const char *text, size_t len, bool shown)
{
    struct whole *whole = self;

    (void)shown; /* a buffer has no colours */
    if (whole->rc == 0)
        whole->rc = buf_add(whole->out, text, len);
}

int sanitize_add(struct buf *out, enum sanitize_mode mode, const char *text, size_t len,
                 struct sanitize_counts *counts)
{
    struct whole whole = {.out = out};
    struct sanitize s;
    size_t before = out->len;

    sanitize_start(&s, mode, (struct sanitize_sink){.put = put_in_buf, .self = &whole});
    sanitize_feed(&s, text, len);
    sanitize_end(&s);
    if (whole.rc < 0)
        buf_cut(out, before);
    else if (counts)
        *counts = s.counts;
    return whole.rc;
}

struct line {
    char *out;
    size_t cap, len; /* len counts on past cap, so that a cut is known */
};

static void put_in_line(void *self, const char *text, size_t len, bool shown)
{
    struct line *line = self;

    (void)shown;
    for (size_t i = 0; i < len; i++, line->len++)
        if (line->len + 1 < line->cap)
            line->out[line->len] = text[i];
}

size_t sanitize_line(char *out, size_t cap, const char *text, size_t len)
{
    struct line line = {.out = out, .cap = cap};
    struct sanitize s;

    sanitize_start(&s, SANITIZE_LINE, (struct sanitize_sink){.put = put_in_line, .self = &line});
    sanitize_feed(&s, text, len < 4 * cap ? len : 4 * cap);
    sanitize_end(&s);
    if (line.len < cap && len < 4 * cap) {
        out[line.len] = '\0';
        return line.len;
    }
    size_t room = line.len < cap - 4 ? line.len : cap - 4;
    size_t kept = utf8_cut(out, room);
    memcpy(out + kept, "…", sizeof "…");
    return kept + sizeof "…" - 1;
}

struct finding {
    uint64_t count;
    const char *one, *many;
    bool stays; /* shown in every mode */
};

size_t sanitize_note(char *out, size_t cap, enum sanitize_mode mode,
                     const struct sanitize_counts *counts)
{
    const struct finding findings[] = {
        {counts->invisible, "invisible character", "invisible characters", false},
        {counts->escapes, "terminal sequence", "terminal sequences", false},
        {counts->bidi, "direction control", "direction controls", true},
    };
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        const struct finding *f = &findings[i];
        if (f->count > 0)
            len += str_format(out + len, cap - len, "%s%llu %s %s", len > 0 ? ", " : "",
                              (unsigned long long)f->count, f->count == 1 ? f->one : f->many,
                              f->stays || mode == SANITIZE_APPROVAL ? "shown" : "removed");
    }
    return len;
}
