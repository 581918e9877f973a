/* SPDX-License-Identifier: MIT */
#include "tui/decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

static void print_mouse(struct buf *out, const struct mouse *m)
{
    static const char *const kinds[] = {"press", "release", "drag", "wheel-up", "wheel-down"};

    buf_printf(out, "<%s%s%s%s %d at %d,%d>", m->mods & KEYMOD_CTRL ? "C-" : "",
               m->mods & KEYMOD_ALT ? "M-" : "", m->mods & KEYMOD_SHIFT ? "S-" : "", kinds[m->kind],
               m->button, m->x, m->y);
}

static void print_event(struct buf *out, const struct tty_event *e)
{
    char name[KEY_NAME];

    if (out->len > 0)
        buf_char(out, ' ');
    switch (e->kind) {
    case TTY_KEY: {
        key_print(name, e->key);
        buf_text(out, name);
        break;
    }
    case TTY_MOUSE: print_mouse(out, &e->mouse); break;
    case TTY_PASTED:
        buf_char(out, '{');
        buf_add(out, e->text, e->len);
        buf_text(out, e->cut ? "...}" : "}");
        break;
    case TTY_FOCUSED: buf_text(out, "focus"); break;
    case TTY_BLURRED: buf_text(out, "blur"); break;
    default: CU_FAIL("a kind that bytes cannot make");
    }
}

static void take_all(struct decoder *in, struct buf *out)
{
    struct tty_event event;

    while (decoder_next(in, &event))
        print_event(out, &event);
}

/* The events of bytes that come in two pieces, and then nothing more comes. */
static void run(struct buf *out, const char *bytes, size_t len, size_t cut)
{
    struct decoder in;

    buf_clear(out);
    decoder_init(&in);
    decoder_feed(&in, bytes, cut);
    take_all(&in, out);
    decoder_feed(&in, bytes + cut, len - cut);
    take_all(&in, out);
    if (decoder_wait(&in) >= 0)
        decoder_expire(&in);
    take_all(&in, out);
    decoder_free(&in);
}

struct sample {
    const char *bytes, *events;
};

static const struct sample samples[] = {
    {"j", "j"},
    {"jk", "j k"},
    {" G", "Space G"},
    {"\r\t\x7f", "Enter Tab BS"},
    {"\n\b", "C-j C-h"},
    {"\x01\x04\x1a", "C-a C-d C-z"},
    {"\x1c\x1d\x1e\x1f", "C-\\ C-] C-^ C-_"},
    {"é字😀", "é 字 😀"},
    /* xterm and its kin */
    {"\x1b[A\x1b[B\x1b[C\x1b[D", "Up Down Right Left"},
    {"\x1b[H\x1b[F", "Home End"},
    {"\x1bOA\x1bOH\x1bOP\x1bOS", "Up Home F1 F4"},
    {"\x1b[1;2A\x1b[1;3B\x1b[1;5C\x1b[1;6D", "S-Up M-Down C-Right C-S-Left"},
    {"\x1b[1;8H", "C-M-S-Home"},
    {"\x1b[Z", "S-Tab"},
    {"\x1b[2~\x1b[3~\x1b[5~\x1b[6~", "Ins Del PgUp PgDn"},
    {"\x1b[3;5~\x1b[5;2~", "C-Del S-PgUp"},
    {"\x1b[15~\x1b[24~\x1b[34~", "F5 F12 F20"},
    {"\x1b[1;5P\x1b[11~", "C-F1 F1"},
    {"\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "Home End Home End"},
    /* rxvt, the Linux console, the keypad */
    {"\x1b[a\x1b[d\x1bOa\x1bOd", "S-Up S-Left C-Up C-Left"},
    {"\x1b[5^\x1b[6@", "C-PgUp C-S-PgDn"},
    {"\x1b[[A\x1b[[E", "F1 F5"},
    {"\x1bOM\x1bOk\x1bOp", "Enter + 0"},
    /* Alt */
    {"\x1bx\x1bX\x1b\r\x1b\x7f", "M-x M-X M-Enter M-BS"},
    {"\x1b\x01", "C-M-a"},
    {"\x1bé", "M-é"},
    {"\x1b\x1b[A", "M-Up"},
    {"\x1b\x1bOP", "M-F1"},
    {"\x1b]", "M-]"},
    {"\x1b[", "M-["},
    {"\x1bO", "M-O"},
    {"\x1bP", "M-P"},
    /* Esc */
    {"\x1b", "Esc"},
    {"\x1b\x1b", "Esc Esc"},
    {"\x1b\x1bx", "Esc M-x"},
    /* kitty's and fixterms' form, and xterm's modifyOtherKeys */
    {"\x1b[97;5u", "C-a"},
    {"\x1b[97;6u", "C-a"},
    {"\x1b[97;2u", "A"},
    {"\x1b[27u\x1b[13;2u\x1b[9;5u", "Esc S-Enter C-Tab"},
    {"\x1b[105;5u", "Tab"},
    {"\x1b[97;1:3u", ""},  /* a release */
    {"\x1b[97;1:2u", "a"}, /* a repeat */
    {"\x1b[57358u", ""},   /* Caps Lock */
    {"\x1b[27;5;13~", "C-Enter"},
    {"\x1b[27;3;97~", "M-a"},
    /* the mouse */
    {"\x1b[<0;1;1M\x1b[<0;1;1m", "<press 1 at 0,0> <release 1 at 0,0>"},
    {"\x1b[<2;80;24M", "<press 3 at 79,23>"},
    {"\x1b[<64;5;6M\x1b[<65;5;6M", "<wheel-up 0 at 4,5> <wheel-down 0 at 4,5>"},
    {"\x1b[<66;5;6M", ""}, /* sideways */
    {"\x1b[<32;300;200M", "<drag 1 at 299,199>"},
    {"\x1b[<35;3;3M", ""}, /* moved, no button */
    {"\x1b[<20;2;2M", "<C-S-press 1 at 1,1>"},
    {"\x1b[<0;0;5M", ""},
    {"\x1b[<0;1M", ""},
    {"\x1b[M !!", "<press 1 at 0,0>"}, /* the old form */
    {"\x1b[M#\"\"", "<release 0 at 1,1>"},
    {"\x1b[M\x1f!!j", "j"},
    /* focus */
    {"\x1b[I\x1b[O", "focus blur"},
    /* a paste is text */
    {"\x1b[200~hello\x1b[201~j", "{hello} j"},
    {"\x1b[200~a\r\nb\rc\n\td\x1b[201~", "{a\nb\nc\n\td}"},
    {"\x1b[200~a\x1b[31mb\x03\x7f\x07\x1b[201~", "{a[31mb}"},
    {"\x1b[200~a\xc2\x9b"
     "201~b\x1b[201~",
     "{a201~b}"},
    {"\x1b[200~\xff\xe2\x82\x1b[201~", "{\ufffd\ufffd}"},
    {"\x1b[200~\x1b[201~j", "j"},
    {"\x1b[200~1\x1b[201~\x1b[200~2\x1b[201~", "{1} {2}"},
    {"\x1b[201~j", "j"},
    {"\x1b[200~no end", "{no end}"},
    /* reports and garbage press nothing */
    {"\x1b[12;40R", ""},
    {"\x1b[?62;4c", ""},
    {"\x1b[?2026;2$y", ""},
    {"\x1b[4;2$y", ""},
    {"\x1b[3$", "S-Del"},
    {"\x1b[8;24;80t", ""},
    {"\x1b[?997;1n", ""},
    {"\x1b]11;rgb:0000/0000/0000\x1b\\j", "j"},
    {"\x1b]11;rgb:0000/0000/0000\aj", "j"},
    {"\x1bP1$r0m\x1b\\j", "j"},
    {"\x1b_Gi=1;OK\x1b\\j", "j"},
    {"\x1b[99~", ""},
    {"\x1b[1;1", ""},
    {"\x1b[1\x01j", "C-a j"},
    {"\x1bO\x1b[A", "Up"}, /* another begins before it ended */
    {"\x1b[[\x1b[A", "Up"},
    {"\x1b[M\x1b[A", "Up"},
    {"\x1b[M!\x1b[A", "Up"},
    {"\x1bO\x03", "C-c"},
    {"\xff\xc0j", "j"},
    {"\xe2\x82", ""},
    {"\xc2\x9bj", "j"},
};

static const size_t sample_count = sizeof samples / sizeof *samples;

static void bytes_become_the_keys_that_were_pressed(void)
{
    struct buf out;

    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sample_count; i++) {
        size_t len = strlen(samples[i].bytes);
        run(&out, samples[i].bytes, len, len);
        CU_ASSERT_STRING_EQUAL(out.data, samples[i].events);
        if (strcmp(out.data, samples[i].events) != 0)
            printf("    sample %zu (%s): %s\n", i, samples[i].bytes + 1, out.data);
    }
    run(&out, "\0", 1, 1);
    CU_ASSERT_STRING_EQUAL(out.data, "C-Space");
    buf_free(&out);
}

static void split_anywhere_gives_the_same_events(void)
{
    struct buf out;

    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sample_count; i++)
        for (size_t cut = 0; cut <= strlen(samples[i].bytes); cut++) {
            run(&out, samples[i].bytes, strlen(samples[i].bytes), cut);
            CU_ASSERT_STRING_EQUAL(out.data, samples[i].events);
            if (strcmp(out.data, samples[i].events) != 0)
                printf("    sample %zu cut at %zu: %s\n", i, cut, out.data);
        }
    buf_free(&out);
}

static void a_lone_escape_waits_a_moment(void)
{
    struct decoder in;
    struct tty_event event;

    decoder_init(&in);
    CU_ASSERT_EQUAL(decoder_wait(&in), -1);
    decoder_feed(&in, "\x1b", 1);
    CU_ASSERT_FALSE(decoder_next(&in, &event));
    CU_ASSERT_EQUAL(decoder_wait(&in), DECODER_ESC_MS);
    decoder_expire(&in);
    CU_ASSERT(decoder_next(&in, &event));
    CU_ASSERT_EQUAL(event.key.code, KEYCODE_ESC);
    CU_ASSERT_EQUAL(decoder_wait(&in), -1);
    decoder_free(&in);
}

static void a_fake_end_of_a_paste_presses_nothing(void)
{
    static const char bytes[] = "\x1b[200~rm\x1b[201~y\r:quit\r\x1b[201~j";
    struct buf out;

    buf_init(&out, 1 << 16);
    run(&out, bytes, sizeof bytes - 1, sizeof bytes - 1);
    CU_ASSERT_STRING_EQUAL(out.data, "{rmy\n:quit\n} j");
    buf_free(&out);
}

static void an_unterminated_paste_is_handed_out_and_a_key_ends_it(void)
{
    struct decoder in;
    struct buf out;

    buf_init(&out, 1 << 16);
    decoder_init(&in);
    decoder_feed(&in, "\x1b[200~part", 10);
    take_all(&in, &out);
    CU_ASSERT_EQUAL(decoder_wait(&in), DECODER_STALL_MS);
    decoder_expire(&in);
    take_all(&in, &out);
    CU_ASSERT_STRING_EQUAL(out.data, "{part}");
    CU_ASSERT_EQUAL(decoder_wait(&in), -1);
    decoder_feed(&in, "the rest of it comes late\r", 26); /* no typing: more of the paste */
    take_all(&in, &out);
    decoder_expire(&in);
    take_all(&in, &out);
    decoder_feed(&in, "j", 1);
    take_all(&in, &out);
    CU_ASSERT_STRING_EQUAL(out.data, "{part} {the rest of it comes late\n} j");
    decoder_free(&in);
    buf_free(&out);
}

static void a_paste_of_more_than_a_megabyte_is_cut_and_said_to_be(void)
{
    static char piece[4096];
    struct decoder in;
    struct tty_event event;
    size_t events = 0;

    memset(piece, 'x', sizeof piece);
    decoder_init(&in);
    decoder_feed(&in, "\x1b[200~", 6);
    for (int i = 0; i < 300; i++) {
        CU_ASSERT_FALSE(decoder_next(&in, &event));
        decoder_feed(&in, piece, sizeof piece);
    }
    decoder_feed(&in, "\x1b[201~", 6);
    while (decoder_next(&in, &event)) {
        CU_ASSERT_EQUAL(event.kind, TTY_PASTED);
        CU_ASSERT_EQUAL(event.len, DECODER_PASTE);
        CU_ASSERT(event.cut);
        events++;
    }
    CU_ASSERT_EQUAL(events, 1);
    decoder_free(&in);
}

static void a_long_report_is_dropped_to_its_end(void)
{
    char bytes[8192];
    struct buf out;

    buf_init(&out, 1 << 16);
    memset(bytes, '1', sizeof bytes);
    memcpy(bytes, "\x1b[", 2);
    memcpy(bytes + 8000, "Rj", 2);
    for (size_t cut = 0; cut < 8002; cut += 7) {
        run(&out, bytes, 8002, cut);
        CU_ASSERT_STRING_EQUAL(out.data, "j");
    }
    memcpy(bytes, "\x1b]", 2);
    memcpy(bytes + 8000, "\aj", 2);
    for (size_t cut = 0; cut < 8002; cut += 7) {
        run(&out, bytes, 8002, cut);
        CU_ASSERT_STRING_EQUAL(out.data, "j");
    }
    buf_free(&out);
}

static void U11_a_million_random_bytes_do_no_harm(void)
{
    struct decoder in;
    struct tty_event event;
    unsigned long long state = 88172645463325252ULL;
    size_t events = 0;

    decoder_init(&in);
    for (int round = 0; round < 4000; round++) {
        unsigned char bytes[256];
        for (size_t i = 0; i < sizeof bytes; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[i] = (unsigned char)(state >> 24);
            if (state % 19 == 0)
                bytes[i] = "\x1b[]O<;M~u2"[state / 19 % 10];
        }
        decoder_feed(&in, bytes, sizeof bytes);
        for (; decoder_next(&in, &event); events++)
            CU_ASSERT(event.kind <= TTY_BLURRED);
        if (round % 5 == 0)
            decoder_expire(&in);
    }
    CU_ASSERT(events > 10000);
    CU_ASSERT(in.pending.len <= 1 << 16);
    decoder_free(&in);
}

const struct suite suite_decoder = {
    "decoder",
    (const struct test[]){
        {"bytes become the keys that were pressed", bytes_become_the_keys_that_were_pressed},
        {"split anywhere gives the same events", split_anywhere_gives_the_same_events},
        {"a lone escape waits a moment", a_lone_escape_waits_a_moment},
        {"U10 a fake end of a paste presses nothing", a_fake_end_of_a_paste_presses_nothing},
        {"U10 an unterminated paste is handed out and a key ends it",
         an_unterminated_paste_is_handed_out_and_a_key_ends_it},
        {"U10 a paste of more than a megabyte is cut and said to be",
         a_paste_of_more_than_a_megabyte_is_cut_and_said_to_be},
        {"a long report is dropped to its end", a_long_report_is_dropped_to_its_end},
        {"U11 a million random bytes do no harm", U11_a_million_random_bytes_do_no_harm},
        {NULL, NULL},
    },
};
