/* SPDX-License-Identifier: MIT */
#include "core/base/sanitize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/utf8.h"
#include "tests/suite.h"

#define CORPUS "tests/data/terminal_sequences.txt"

static struct buf sanitized(enum sanitize_mode mode, const char *text, size_t len)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(sanitize_add(&out, mode, text, len, NULL), 0);
    return out;
}

/* One escape of the corpus, behind its backslash; returns what follows it. */
static const char *unescape_one(const char *at, char *out, size_t *len)
{
    static const char names[] = "eanrt\\", bytes[] = "\x1b\a\n\r\t\\";
    const char *simple = strchr(names, *at);
    char *end;

    if (*at == 'x') {
        const char hex[] = {at[1], at[2], '\0'};
        out[(*len)++] = (char)strtol(hex, NULL, 16);
        return at + 3;
    }
    if (*at == 'u') {
        *len += utf8_put(out + *len, (int32_t)strtol(at + 2, &end, 16));
        return end + 1;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(simple);
    out[(*len)++] = bytes[simple - names];
    return at + 1;
}

static size_t unescape(const char *line, char *out)
{
    size_t len = 0;

    while (*line && *line != '\n') {
        if (*line == '\\')
            line = unescape_one(line + 1, out, &len);
        else
            out[len++] = *line++;
    }
    return len;
}

struct entry {
    char verb[16];
    char bytes[256]; /* "A", the sequence, "Z" */
    size_t len;
};

/* Calls check for every line of the corpus; returns how many there were. */
static size_t each_entry(void (*check)(const struct entry *))
{
    char line[512];
    size_t count = 0;
    FILE *file = fopen(CORPUS, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(line, sizeof line, file)) {
        struct entry entry = {.bytes = "A", .len = 1};
        if (line[0] == '#')
            continue;
        size_t verb = strcspn(line, " ");
        memcpy(entry.verb, line, verb);
        entry.len += unescape(line + verb + 1, entry.bytes + 1);
        entry.bytes[entry.len++] = 'Z';
        check(&entry);
        count++;
    }
    fclose(file);
    return count;
}

/* What the verb promises for the entry's sequence, between "A" and "Z". */
static void promised(const struct entry *e, struct buf *out)
{
    const char *verb = e->verb;
    int32_t cp;

    buf_text(out, "A");
    utf8_next(e->bytes + 1, e->len - 2, &cp);
    if (strcmp(verb, "caret") == 0)
        buf_printf(out, "^%c", (char)(cp ^ 0x40));
    else if (strcmp(verb, "shown") == 0)
        buf_printf(out, "\\u{%x}", (unsigned)cp);
    else if (strcmp(verb, "line") == 0)
        buf_text(out, "\n");
    else if (strcmp(verb, "same") == 0)
        buf_add(out, e->bytes + 1, e->len - 2);
    else if (strncmp(verb, "wrong", 5) == 0)
        for (int i = verb[5] ? verb[5] - '0' : 1; i > 0; i--)
            buf_text(out, "\xef\xbf\xbd");
    else
        CU_ASSERT_STRING_EQUAL(verb, "gone");
    buf_text(out, "Z");
}

static void check_promise(const struct entry *e)
{
    struct buf got = sanitized(SANITIZE_OUTPUT, e->bytes, e->len), want;

    buf_init(&want, 4096);
    promised(e, &want);
    CU_ASSERT_STRING_EQUAL(got.data, want.data);
    if (strcmp(got.data, want.data) != 0)
        printf("    %s of %s gave %s\n", e->verb, want.data, got.data);
    buf_free(&want);
    buf_free(&got);
}

static void every_sequence_becomes_what_the_corpus_says(void)
{
    CU_ASSERT(each_entry(check_promise) >= 400);
}

static bool is_direction_control(int32_t cp)
{
    return cp == 0x61C || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

static bool is_harmless(const struct buf *text, enum sanitize_mode mode)
{
    for (size_t at = 0; at < text->len;) {
        int32_t cp;
        at += utf8_next(text->data + at, text->len - at, &cp);
        bool line = cp == '\n' && mode != SANITIZE_LINE;
        bool tab = cp == '\t' && (mode == SANITIZE_OUTPUT || mode == SANITIZE_MODEL);
        bool cr = cp == '\r' && mode == SANITIZE_MODEL;
        if (line || tab || cr)
            continue;
        if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || is_direction_control(cp))
            return false;
    }
    return true;
}

static void check_harmless(const struct entry *e)
{
    for (enum sanitize_mode mode = 0; mode < SANITIZE_MODES; mode++) {
        struct buf got = sanitized(mode, e->bytes, e->len);
        CU_ASSERT(is_harmless(&got, mode));
        buf_free(&got);
    }
}

static void nothing_a_terminal_obeys_is_left_in_any_mode(void)
{
    each_entry(check_harmless);
}

static void put_in_buf(void *self, const char *text, size_t len, bool shown)
{
    (void)shown;
    CU_ASSERT_EQUAL(buf_add(self, text, len), 0);
}

static void check_cuts(const struct entry *e)
{
    for (enum sanitize_mode mode = 0; mode < SANITIZE_MODES; mode++) {
        struct buf whole = sanitized(mode, e->bytes, e->len), cut;
        struct sanitize s;
        buf_init(&cut, 4096);
        for (size_t at = 0; at <= e->len; at++) {
            buf_clear(&cut);
            sanitize_start(&s, mode, (struct sanitize_sink){put_in_buf, &cut});
            sanitize_feed(&s, e->bytes, at);
            sanitize_feed(&s, e->bytes + at, e->len - at);
            sanitize_end(&s);
            CU_ASSERT_STRING_EQUAL(cut.data, whole.data);
        }
        buf_clear(&cut);
        sanitize_start(&s, mode, (struct sanitize_sink){put_in_buf, &cut});
        for (size_t at = 0; at < e->len; at++)
            sanitize_feed(&s, e->bytes + at, 1);
        sanitize_end(&s);
        CU_ASSERT_STRING_EQUAL(cut.data, whole.data);
        buf_free(&cut);
        buf_free(&whole);
    }
}

static void split_anywhere_gives_the_same_text(void)
{
    each_entry(check_cuts);
}

static void check_twice(const struct entry *e)
{
    for (enum sanitize_mode mode = 0; mode < SANITIZE_MODES; mode++) {
        if (mode == SANITIZE_APPROVAL)
            continue; /* it shows its own pictures' newlines again */
        struct buf once = sanitized(mode, e->bytes, e->len);
        struct buf twice = sanitized(mode, once.data, once.len);
        CU_ASSERT_STRING_EQUAL(twice.data, once.data);
        buf_free(&twice);
        buf_free(&once);
    }
}

static void a_clean_text_stays_as_it_is(void)
{
    each_entry(check_twice);
}

/* The bytes that a picture stands for: what sanitize.h promises of an approval. */
static void undo_picture(struct buf *out, const char *text, size_t len)
{
    static const char *const runs[][2] = {
        {" spaces⟩", " "}, {" lines⟩", "\n"}, {" CRLF lines⟩", "\r\n"}};
    char picture[64], bytes[8], *end;
    size_t n = 0;

    CU_ASSERT_FATAL(len < sizeof picture);
    memcpy(picture, text, len);
    picture[len] = '\0';
    if (strncmp(picture, "⟨", 3) == 0) {
        long count = strtol(picture + 3, &end, 10);
        for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
            for (long left = strcmp(end, runs[i][0]) == 0 ? count : 0; left > 0; left--)
                buf_text(out, runs[i][1]);
        return;
    }
    if (picture[0] == '\\') {
        unescape_one(picture + 1, bytes, &n);
        buf_add(out, bytes, n);
    } else if (picture[0] == '^') {
        buf_char(out, (char)(picture[1] ^ 0x40));
    } else if (strcmp(picture, "→") == 0) {
        buf_char(out, '\t');
    } else {
        buf_text(out, strcmp(picture, "⏎") == 0 ? "\n" : "\r\n");
    }
}

static void undo(void *self, const char *text, size_t len, bool shown)
{
    if (shown)
        undo_picture(self, text, len);
    else if (len != 1 || text[0] != '\n') /* the view's own line end, behind its picture */
        buf_add(self, text, len);
}

static void check_undone(const struct entry *e)
{
    struct sanitize s;
    struct buf back;

    buf_init(&back, 4096);
    sanitize_start(&s, SANITIZE_APPROVAL, (struct sanitize_sink){undo, &back});
    sanitize_feed(&s, e->bytes, e->len);
    sanitize_end(&s);
    CU_ASSERT_EQUAL(back.len, e->len);
    CU_ASSERT_EQUAL(memcmp(back.data, e->bytes, e->len), 0);
    buf_free(&back);
}

static void an_approval_can_be_undone_to_the_very_bytes(void)
{
    struct entry padded = {.verb = "", .len = 0};

    each_entry(check_undone);
    padded.len =
        unescape("ls \\n\\n\\n\\n\\r\\n\\r\\n\\r\\n           \\u{301}\\u{301}a\\u{301}\\u{301}"
                 "\\u{301}\\u{301}\\u{301}\\u{301}b\\\\u{202e}",
                 padded.bytes);
    check_undone(&padded);
}

static void each_mode_shows_what_the_table_says(void)
{
    static const struct {
        const char *in;
        const char *out[SANITIZE_MODES]; /* output, line, approval, model; NULL: as before */
    } cases[] = {
        {"a\nb", {"a\nb", "a⏎b", "a⏎\nb", "a\nb"}},
        {"a\r\nb", {"a\nb", "a⏎b", "a␍⏎\nb", "a\r\nb"}},
        {"a\rb", {"a^Mb", "a^Mb", "a^Mb", "a\rb"}},
        {"a\tb", {"a\tb", "a b", "a→b", "a\tb"}},
        {"a\x1b[31mb", {"ab", "ab", "a\\e[31mb", "ab"}},
        {"a\xc2\x9b\x31mb", {"ab", "ab", "a\\u{9b}1mb", "ab"}},
        {"a\u202eb", {"a\\u{202e}b", "a\\u{202e}b", "a\\u{202e}b", "a\\u{202e}b"}},
        {"a\u200bb", {"ab", "ab", "a\\u{200b}b", "ab"}},
        {"a\xffz", {"a\ufffdz", "a\ufffdz", "a\\xffz", "a\ufffdz"}},
        {"a\u2028b", {"a\nb", "a⏎b", "a\\u{2028}b", "a\u2028b"}},
        {"a          b", {"a          b", "a          b", "a⟨10 spaces⟩b", "a          b"}},
        {"a        b", {"a        b", "a        b", "a        b", "a        b"}},
        {"a\n\nb", {"a\n\nb", "a⏎⏎b", "a⏎\n⏎\nb", "a\n\nb"}},
        {"a\n\n\nb", {"a\n\n\nb", "a⏎⏎⏎b", "a⟨3 lines⟩\nb", "a\n\n\nb"}},
        {"a\r\n\r\n\r\nb", {"a\n\n\nb", "a⏎⏎⏎b", "a⟨3 CRLF lines⟩\nb", "a\r\n\r\n\r\nb"}},
        {"a\u00a0z", {"a\u00a0z", "a\u00a0z", "a\\u{a0}z", "a\u00a0z"}},
        {"\x1b", {"^[", "^[", "\\e", "^["}},
        {"\x1b\x1b[m", {"^[", "^[", "\\e\\e[m", "^["}},
        {"a\x1b\n", {"a^[\n", "a^[⏎", "a\\e⏎\n", "a^[\n"}},
        {"a\x1b[3\nb", {"a\nb", "a⏎b", "a\\e[3⏎\nb", "a\nb"}},
        {"a\r\x1b[K\nb", {"a^M\nb", "a^M⏎b", "a^M\\e[K⏎\nb", "a\r\nb"}},
        {"\xe2\x82", {"\ufffd", "\ufffd", "\\xe2\\x82", "\ufffd"}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (enum sanitize_mode mode = 0; mode < SANITIZE_MODES; mode++) {
            struct buf got = sanitized(mode, cases[i].in, strlen(cases[i].in));
            CU_ASSERT_STRING_EQUAL(got.data, cases[i].out[mode]);
            if (strcmp(got.data, cases[i].out[mode]) != 0)
                printf("    case %zu mode %d: %s\n", i, (int)mode, got.data);
            buf_free(&got);
        }
}

static void the_fifth_mark_on_a_base_is_dropped(void)
{
#define MARK "\xcc\x81"
    const char text[] = "a" MARK MARK MARK MARK MARK "\x1b[m" MARK "b" MARK;
    struct buf got = sanitized(SANITIZE_OUTPUT, text, sizeof text - 1);

    CU_ASSERT_STRING_EQUAL(got.data, "a" MARK MARK MARK MARK "b" MARK);
    buf_free(&got);
}

static void joiners_stay_only_where_letters_join(void)
{
    static const char *const cases[][2] = {
        {"👩\u200d💻", "👩\u200d💻"},             /* pictographs */
        {"👩\xe2\x80\x8b\u200d💻", "👩\u200d💻"}, /* with a zero-width space between */
        {"👩\u200d\u200d💻", "👩\u200d💻"},       /* twice */
        {"👩\u200dx", "👩x"},                   /* emoji and letter */
        {"می\u200cخواهم", "می\u200cخواهم"},   /* Persian */
        {"क्\u200dष", "क्\u200dष"},             /* Devanagari, behind a mark */
        {"pay\u200dpal", "paypal"},           /* Latin letters do not join */
        {"\u200da", "a"},
        {"a\u200d", "a"},
        {"👩\u200d\n💻", "👩\n💻"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf got = sanitized(SANITIZE_OUTPUT, cases[i][0], strlen(cases[i][0]));
        CU_ASSERT_STRING_EQUAL(got.data, cases[i][1]);
        buf_free(&got);
    }
}

static void a_sequence_without_end_gives_the_text_back_after_4_kib(void)
{
    struct buf in, got;

    buf_init(&in, 1 << 20);
    buf_text(&in, "before\x1b]0;");
    for (int i = 0; i < 5000; i++)
        buf_char(&in, 'x');
    buf_text(&in, "after");
    got = sanitized(SANITIZE_OUTPUT, in.data, in.len);
    CU_ASSERT_EQUAL(got.len, in.len - 4096);
    CU_ASSERT(strncmp(got.data, "beforexxx", 9) == 0);
    CU_ASSERT_STRING_EQUAL(got.data + got.len - 6, "xafter");
    buf_free(&got);
    buf_free(&in);
}

static void what_was_found_is_counted_and_said(void)
{
    const char text[] = "a\x1b[1mb\xe2\x80\x8b\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xae\xff\xff";
    struct sanitize_counts counts;
    struct buf out;
    char note[128];

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL(sanitize_add(&out, SANITIZE_MODEL, text, sizeof text - 1, &counts), 0);
    CU_ASSERT_EQUAL(counts.invisible, 3);
    CU_ASSERT_EQUAL(counts.escapes, 1);
    CU_ASSERT_EQUAL(counts.bidi, 1);
    CU_ASSERT_EQUAL(counts.wrong, 2);
    sanitize_note(note, sizeof note, SANITIZE_MODEL, &counts);
    CU_ASSERT_STRING_EQUAL(note, "3 invisible characters removed, 1 terminal sequence removed, "
                                 "1 direction control shown");
    CU_ASSERT_EQUAL(sanitize_add(&out, SANITIZE_APPROVAL, text, sizeof text - 1, &counts), 0);
    sanitize_note(note, sizeof note, SANITIZE_APPROVAL, &counts);
    CU_ASSERT_STRING_EQUAL(note, "3 invisible characters shown, 1 terminal sequence shown, "
                                 "1 direction control shown");
    CU_ASSERT_EQUAL(sanitize_add(&out, SANITIZE_MODEL, "plain", 5, &counts), 0);
    CU_ASSERT_EQUAL(sanitize_note(note, sizeof note, SANITIZE_MODEL, &counts), 0);
    CU_ASSERT_STRING_EQUAL(note, "");
    buf_free(&out);
}

static void a_buffer_over_its_ceiling_is_left_as_it_was(void)
{
    struct buf out;

    buf_init(&out, 8);
    CU_ASSERT_EQUAL(buf_text(&out, "abc"), 0);
    CU_ASSERT_EQUAL(sanitize_add(&out, SANITIZE_OUTPUT, "\x01\x02\x03", 3, NULL), E_TOOBIG);
    CU_ASSERT_STRING_EQUAL(out.data, "abc");
    buf_free(&out);
}

static void a_line_is_cut_visibly_and_never_inside_a_character(void)
{
    static const struct {
        const char *in;
        size_t cap;
        const char *out;
    } cases[] = {
        {"short", 16, "short"},
        {"exactly", 8, "exactly"},
        {"exactly", 7, "exa…"},
        {"ééééé", 9, "éé…"},
        {"two\nlines", 32, "two⏎lines"},
        {"bell\a", 32, "bell^G"},
        {"", 8, ""},
        {"abcdef", 4, "…"},
    };
    char out[64];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = sanitize_line(out, cases[i].cap, cases[i].in, strlen(cases[i].in));
        CU_ASSERT_STRING_EQUAL(out, cases[i].out);
        CU_ASSERT_EQUAL(len, strlen(out));
    }
}

const struct suite suite_sanitize = {
    "sanitize",
    (const struct test[]){
        {"every sequence becomes what the corpus says",
         every_sequence_becomes_what_the_corpus_says},
        {"nothing a terminal obeys is left in any mode",
         nothing_a_terminal_obeys_is_left_in_any_mode},
        {"split anywhere gives the same text", split_anywhere_gives_the_same_text},
        {"a clean text stays as it is", a_clean_text_stays_as_it_is},
        {"an approval can be undone to the very bytes",
         an_approval_can_be_undone_to_the_very_bytes},
        {"each mode shows what the table says", each_mode_shows_what_the_table_says},
        {"the fifth mark on a base is dropped", the_fifth_mark_on_a_base_is_dropped},
        {"joiners stay only where letters join", joiners_stay_only_where_letters_join},
        {"a sequence without end gives the text back after 4 KiB",
         a_sequence_without_end_gives_the_text_back_after_4_kib},
        {"what was found is counted and said", what_was_found_is_counted_and_said},
        {"a buffer over its ceiling is left as it was",
         a_buffer_over_its_ceiling_is_left_as_it_was},
        {"a line is cut visibly and never inside a character",
         a_line_is_cut_visibly_and_never_inside_a_character},
        {NULL, NULL},
    },
};
