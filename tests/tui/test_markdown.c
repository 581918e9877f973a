/* SPDX-License-Identifier: MIT */
#include "tui/markdown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "tests/suite.h"
#include "tests/support/golden.h"
#include "tui/entity.h"
#include "tui/markdown_page.h"

/* Lines as a grid of their width shows them; with roles, when asked. */
static void show(struct buf *out, const struct lines *lines, int width, bool roles)
{
    struct grid grid;

    grid_init(&grid, width, (int)lines->count);
    for (size_t i = 0; i < lines->count; i++) {
        struct pen pen = grid_pen(&grid, grid_rect(&grid));
        pen_at(&pen, 0, (int)i);
        lines_draw(lines, i, &pen, NULL, 0);
    }
    CU_ASSERT_EQUAL(grid_dump(&grid, out, roles), 0);
    grid_free(&grid);
}

static void render(struct buf *out, const char *text, int width, bool roles)
{
    struct markdown *m;

    markdown_new(&m);
    markdown_feed(m, text, strlen(text));
    markdown_end(m);
    show(out, markdown_lines(m, width), width, roles);
    markdown_free(m);
}

static void expect(const char *text, int width, bool roles, const char *want)
{
    struct buf got;

    buf_init(&got, 1 << 20);
    render(&got, text, width, roles);
    CU_ASSERT_STRING_EQUAL(got.data, want);
    if (strcmp(got.data, want) != 0)
        printf("---- %s\n---- gave\n%s", text, got.data);
    buf_free(&got);
}

static void blocks_have_their_shapes(void)
{
    expect("one two three four", 9, false, "one two\nthree\nfour\n");
    expect("a\n\nb", 9, false, "a\n\nb\n");
    expect("a  \nb", 9, false, "a\nb\n");
    expect("# Big\ntext", 9, false, "Big\n━━━\n\ntext\n");
    expect("## Less", 9, false, "Less\n");
    expect("---", 5, false, "─────\n");
    expect("- a\n- b\n  - c\n    - d\n- e", 20, false, "• a\n• b\n  ◦ c\n    – d\n• e\n");
    expect("- a\n\n- b", 9, false, "• a\n\n• b\n");
    expect("9. nine\n10. ten and more", 11, false, "9. nine\n10. ten and\n    more\n");
    expect("- [ ] todo\n- [x] done", 12, false, "[ ] todo\n[x] done\n");
    expect("-\n- b", 9, false, "•\n• b\n");
    expect("> quoted words here\n>\n> more", 10, false, "▏ quoted\n▏ words\n▏ here\n▏\n▏ more\n");
    expect("```c\nint x;\n\n\treturn;\n```", 12, false,
           "┌ c ────────\n│ int x;\n│\n│     return\n│ ;\n└───────────\n");
    expect("    indented", 16, false, "┌───────────────\n│ indented\n└───────────────\n");
    expect("1. a\n\n   ```\n   x\n   ```", 14, false,
           "1. a\n\n   ┌──────────\n   │ x\n   └──────────\n");
    expect("para\n- list\n- two\n\npara", 14, false, "para\n\n• list\n• two\n\npara\n");
    expect("", 9, false, "");
    expect("\n\n", 9, false, "");
}

static void spans_have_their_roles(void)
{
    expect("a **b** *c* `d` ~~e~~", 40, true,
           "a {text+b}b{text} {text+i}c{text} {code}d{text} {text+d}e\n");
    expect("# T *i*", 40, true, "{heading+b}T {heading+bi}i\n{code-border}━━━\n");
    expect("> q **b**", 40, true, "{code-border}▏ {quote}q {quote+b}b\n");
    expect("[text](http://x.y)", 40, true, "{link}text{dim} (http://x.y)\n");
    expect("<http://x.y>", 40, true, "{link}http://x.y\n");
    expect("http://x.y/z", 40, true, "{link}http://x.y/z\n");
    expect("![alt](p.png)", 40, true, "{dim}[image: {link}alt{dim} (p.png)]\n");
    expect("- x", 40, true, "{bullet}• {text}x\n");
}

static void tables_are_columns_that_fit(void)
{
    static const char table[] =
        "| Name | Price |\n|:--|--:|\n| Aster 14 | $899 |\n| B | $1,299 |\n";

    expect(table, 40, false,
           "Name     │  Price\n─────────┼───────\nAster 14 │   $899\n"
           "B        │ $1,299\n");
    expect(table, 14, false,
           "Name  │  Price\n──────┼───────\nAster │   $899\n14    │\n"
           "B     │ $1,299\n");
    expect(table, 6, false, "Name\nPrice\n──────\nAster\n14\n$899\n──────\nB\n$1,299\n");
}

static void raw_html_is_text(void)
{
    expect("<b>x</b> & <script>", 40, false, "<b>x</b> & <script>\n");
}

static void nothing_harmful_comes_through(void)
{
    expect("a\x1b[31mb\x07 \u202e", 40, false, "ab^G \\u{202e}\n");
    expect("&#27;[31m &#x202e; &#x9b; &#0; &#10; &amp;&lt;&unknown;", 60, false,
           "^[[31m \\u{202e}  ^@ ⏎ &<&unknown;\n");
    expect("[x](http://e\x1b]52;c;x\x07vil)", 40, false, "x (http://evil)\n");
    expect("```\x1b[2J\ncode\x1b[2J\n```", 12, false, "┌───────────\n│ code\n└───────────\n");
}

static void references_are_decoded_or_left(void)
{
    static const char *const cases[][2] = {
        {"&amp;", "&"},
        {"&#65;", "A"},
        {"&#x41;", "A"},
        {"&nbsp;", " "},
        {"&nope;", "&nope;"},
        {"&#;", "&#;"},
        {"&#x;", "&#x;"},
        {"&#xD800;", "&#xD800;"},
        {"&#99999999999;", "&#99999999999;"},
        {"&#-5;", "&#-5;"},
        {"&", "&"},
        {"&;", "&;"},
        {"&#x1F600;", "😀"},
        {"&#8203;", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 64);
        CU_ASSERT_EQUAL(entity_add(&out, cases[i][0], strlen(cases[i][0])), 0);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i][1]);
        buf_free(&out);
    }
}

static const char document[] =
    "# A laptop under $1000\n\nI looked at **three** shops and *two* reviews. See [the list]"
    "(http://shop.example/laptops?max=1000), or read on.\n\n## Candidates\n\n1. **Aster 14**: "
    "$899, "
    "16 GB, 1.3 kg\n2. **Borealis 13**: $949, a better screen\n   - the fan is loud\n   - two "
    "years of "
    "warranty\n3. ~~Cumulus~~ (sold out)\n\n| Name | Price | Weight "
    "|\n|------|------:|:------:|\n| "
    "Aster 14 | $899 | 1.3 kg |\n| Borealis 13 | $949 | 1.1 kg |\n\n> The Aster is the one that "
    "reviewers would buy themselves.\n\nThe order was prepared with:\n\n```sh\ncurl -s "
    "https://shop.example/api/order \\\n  -d '{\"item\": \"aster-14\"}'\n```\n\n- [x] compared\n- "
    "[ ] "
    "ordered\n\n---\n\n中文字符也可以换行。 And that is all.\n";

static void a_document_looks_as_it_was_accepted(void)
{
    static const int widths[] = {72, 40, 20};

    for (size_t i = 0; i < 3; i++) {
        struct buf out;
        char path[64];
        buf_init(&out, 1 << 20);
        render(&out, document, widths[i], false);
        snprintf(path, sizeof path, "tests/data/markdown/document-%d.txt", widths[i]);
        golden_text(path, out.data);
        buf_free(&out);
    }
}

/* Feeds in pieces, looking after each; the result must be what the whole gives at once. */
static void streamed(struct buf *out, const char *text, size_t piece, bool ended)
{
    struct markdown *m;
    size_t len = strlen(text);

    markdown_new(&m);
    for (size_t at = 0; at < len; at += piece) {
        markdown_feed(m, text + at, len - at < piece ? len - at : piece);
        (void)markdown_lines(m, 60);
    }
    if (ended)
        markdown_end(m);
    show(out, markdown_lines(m, 60), 60, true);
    markdown_free(m);
}

static void split_anywhere_gives_the_same_lines(void)
{
    struct buf whole, got;

    buf_init(&whole, 1 << 20);
    buf_init(&got, 1 << 20);
    render(&whole, document, 60, true);
    for (size_t piece = 1; piece < 40; piece++) {
        buf_clear(&got);
        streamed(&got, document, piece, true);
        CU_ASSERT_STRING_EQUAL(got.data, whole.data);
        buf_clear(&got);
        streamed(&got, document, piece, false); /* and hardly anything moves when it ends */
        CU_ASSERT_STRING_EQUAL(got.data, whole.data);
        if (strcmp(got.data, whole.data) != 0) {
            printf("---- in pieces of %zu\n%s", piece, got.data);
            break;
        }
    }
    buf_free(&got);
    buf_free(&whole);
}

static void every_width_holds_and_can_change_at_any_time(void)
{
    struct markdown *m;
    size_t len = sizeof document - 1;

    markdown_new(&m);
    for (size_t at = 0; at < len; at += 10) {
        markdown_feed(m, document + at, len - at < 10 ? len - at : 10);
        for (int width = (int)(at % 7); width < 90; width += 13) {
            const struct lines *lines = markdown_lines(m, width);
            for (size_t i = 0; i < lines->count; i++) {
                size_t line_len;
                const char *text = lines_text(lines, i, &line_len);
                CU_ASSERT(text_width(text, line_len) <= (width < 2 ? 2 : width));
            }
        }
    }
    markdown_free(m);
}

/* A look every 50 tokens. A single line of 100 KB, which nobody writes, is the worst: it is one
   block, and has no place to be cut at. */
static void twenty_thousand_tokens_cost_what_they_are_long(void)
{
    static const struct {
        const char *token;
        bool code;
        size_t times; /* the length of the text, at most */
    } cases[] = {{"word word word\n", true, 3},
                 {"a paragraph of words.\n\n", false, 3},
                 {"- an item of a list\n", false, 9},
                 {"a line of prose\n", false, 11}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct markdown *m;
        size_t len = strlen(cases[i].token);
        markdown_new(&m);
        if (cases[i].code)
            markdown_feed(m, "```c\n", 5);
        for (int token = 0; token < 20000; token++) {
            markdown_feed(m, cases[i].token, len);
            if (token % 50 == 0)
                CU_ASSERT(markdown_lines(m, 100)->count > 0);
        }
        markdown_end(m);
        CU_ASSERT(markdown_lines(m, 100)->count > 500);
        CU_ASSERT(markdown_cost(m) <= cases[i].times * 20000 * len);
        markdown_free(m);
    }
}

/* With strict_string_checks the address sanitizer measures all of it at every strcspn of md4c. */
static void a_text_beyond_the_ceiling_says_that_it_is_cut(void)
{
    static char piece[1 << 16];
    struct markdown *m;
    size_t len;

    if (suite_is_watched()) {
        suite_skip("a text beyond the ceiling", "a sanitizer measures it again and again");
        return;
    }
    memset(piece, 'x', sizeof piece);
    for (size_t i = 79; i < sizeof piece; i += 80)
        piece[i] = '\n';
    markdown_new(&m);
    markdown_feed(m, "```\n", 4);
    for (size_t fed = 0; fed <= MARKDOWN_MAX; fed += sizeof piece)
        markdown_feed(m, piece, sizeof piece);
    markdown_end(m);
    const struct lines *lines = markdown_lines(m, 100);
    const char *last = lines_text(lines, lines->count - 1, &len);
    CU_ASSERT(len > 3 && strncmp(last, "…", 3) == 0);
    markdown_free(m);
}

const struct suite suite_markdown = {
    "markdown",
    (const struct test[]){
        {"blocks have their shapes", blocks_have_their_shapes},
        {"spans have their roles", spans_have_their_roles},
        {"tables are columns that fit", tables_are_columns_that_fit},
        {"raw HTML is text", raw_html_is_text},
        {"nothing harmful comes through", nothing_harmful_comes_through},
        {"references are decoded or left", references_are_decoded_or_left},
        {"a document looks as it was accepted", a_document_looks_as_it_was_accepted},
        {"split anywhere gives the same lines", split_anywhere_gives_the_same_lines},
        {"every width holds and can change at any time",
         every_width_holds_and_can_change_at_any_time},
        {"twenty thousand tokens cost what they are long",
         twenty_thousand_tokens_cost_what_they_are_long},
        {"a text beyond the ceiling says that it is cut",
         a_text_beyond_the_ceiling_says_that_it_is_cut},
        {NULL, NULL},
    },
};
