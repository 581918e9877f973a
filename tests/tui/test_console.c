/* SPDX-License-Identifier: MIT */
/* What keys do in the console: consequences for the run, said to the port as verbs. */
#include "tests/suite.h"

#include "core/agent/state.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "tests/support/stage.h"
#include "tui/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t said_lines(const struct stage *stage)
{
    size_t lines = 0;

    for (size_t i = 0; i < stage->said.len; i++)
        lines += stage->said.data[i] == '\n';
    return lines;
}

static void keys_say_their_verbs(void)
{
    static const struct {
        enum stage_story story;
        const char *key, *verb;
    } cases[] = {
        {STAGE_LIVE, "Space", "\"verb\":\"pause\""},
        {STAGE_LIVE, "s", "\"verb\":\"step\""},
        {STAGE_LIVE, "C-c", "\"verb\":\"pause\""},
        {STAGE_LIVE, "x", "\"verb\":\"abort_call\""},
        {STAGE_LIMIT, "Space", "\"verb\":\"resume\""},
        {STAGE_LIMIT, "c", "\"verb\":\"resume\""},
        {STAGE_FAILED, "Space", "\"verb\":\"resume\""},
        {STAGE_RETRY, ".", "\"verb\":\"retry_now\""},
        {STAGE_RETRY, ",", "\"verb\":\"give_up\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage stage;

        stage_open(&stage, cases[i].story, 80, 24);
        stage_key(&stage, cases[i].key);
        CU_ASSERT(stage_said(&stage, cases[i].verb));
        CU_ASSERT_EQUAL(said_lines(&stage), 1);
        stage_close(&stage);
    }
}

static void answers_say_their_verbs(void)
{
    static const struct {
        enum stage_story story;
        const char *key, *verb;
    } cases[] = {
        {STAGE_LIMIT, "e", "\"verb\":\"extend\""},
        {STAGE_LIMIT, "f", "\"verb\":\"finish\""},
        {STAGE_LIMIT, "s", "\"verb\":\"cancel\""},
        {STAGE_FAILED, "t", "\"verb\":\"resume\""},
        {STAGE_FAILED, "c", "\"verb\":\"recover\""},
        {STAGE_DOUBT, "h", "\"answer\":\"happened\",\"effect\":5"},
        {STAGE_DOUBT, "x", "\"answer\":\"run\",\"effect\":5"},
        {STAGE_DOUBT, "s", "\"answer\":\"skip\",\"effect\":5"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage stage;

        stage_open(&stage, cases[i].story, 80, 24);
        stage_key(&stage, "A");
        stage_key(&stage, cases[i].key);
        CU_ASSERT(stage_said(&stage, cases[i].verb));
        CU_ASSERT_EQUAL(said_lines(&stage), 1);
        stage_close(&stage);
    }
}

static void Esc_and_typing_ahead_change_nothing(void)
{
    struct stage stage;

    for (int story = STAGE_RESTING; story <= STAGE_LIVE; story++) {
        stage_open(&stage, (enum stage_story)story, 80, 24);
        stage_key(&stage, "A");
        stage_key(&stage, "Esc");
        stage_key(&stage, "Esc");
        stage_type(&stage, "yyyaaan");
        CU_ASSERT_EQUAL(said_lines(&stage), 0);
        CU_ASSERT(!(stage.wants & CONSOLE_QUIT));
        stage_close(&stage);
    }
}

static void a_yes_carries_the_hash_of_what_was_shown(void)
{
    static const char args[] = "{\"command\":\"rm -r build\\u202e\"}";
    struct hash hash = sha256(args, strlen(args));
    char text[2 * SHA256_BYTES + 1];
    struct stage stage;

    sha256_text(text, &hash);
    stage_open(&stage, STAGE_APPROVAL, 80, 24);
    stage_key(&stage, "A");
    stage_wait(&stage, 400000);
    stage_key(&stage, "y");
    CU_ASSERT(stage_said(&stage, "\"verb\":\"approve\""));
    CU_ASSERT(stage_said(&stage, "\"scope\":\"once\""));
    CU_ASSERT(stage_said(&stage, text));
    stage_close(&stage);
}

static void nothing_answers_an_approval_in_its_first_moment(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_APPROVAL, 80, 24);
    stage_key(&stage, "A");
    stage_type(&stage, "yan");
    CU_ASSERT_EQUAL(said_lines(&stage), 0);
    stage_wait(&stage, 400000);
    stage_paste(&stage, "y"); /* a paste presses nothing */
    CU_ASSERT_EQUAL(said_lines(&stage), 0);
    stage_key(&stage, "a");
    CU_ASSERT(stage_said(&stage, "\"scope\":\"always\""));
    stage_close(&stage);
}

static void yes_is_inert_until_the_end_was_on_the_screen(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_APPROVAL, 24, 9);
    stage_key(&stage, "A");
    stage_wait(&stage, 400000);
    stage_key(&stage, "y");
    CU_ASSERT_EQUAL(said_lines(&stage), 0);
    stage_key(&stage, "G");
    stage_key(&stage, "y");
    CU_ASSERT(stage_said(&stage, "\"verb\":\"approve\""));
    stage_close(&stage);
}

static void a_denial_takes_a_reason(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_APPROVAL, 80, 24);
    stage_key(&stage, "A");
    stage_wait(&stage, 400000);
    stage_key(&stage, "n");
    stage_type(&stage, "not here");
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_said(&stage, "\"verb\":\"deny\""));
    CU_ASSERT(stage_said(&stage, "\"reason\":\"not here\""));
    stage_close(&stage);
}

static void a_roll_back_is_shown_before_it_is_done(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_RESTING, 80, 24);
    stage_key(&stage, "k");
    stage_key(&stage, "k");
    stage_key(&stage, "r");
    CU_ASSERT_EQUAL(said_lines(&stage), 0);
    CU_ASSERT(stage_shows(&stage, "«good place»"));
    CU_ASSERT(stage_shows(&stage, "cannot be undone"));
    CU_ASSERT(stage_shows(&stage, "Files do not go back yet"));
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_said(&stage, "\"verb\":\"rollback\""));
    CU_ASSERT(stage_said(&stage, "\"to\":4"));
    stage_close(&stage);
}

static void a_run_that_nobody_has_is_taken_over_before_a_verb(void)
{
    const struct engine_news adopted = {.kind = NEWS_STARTED, .run = 1};
    struct stage stage;

    stage_open(&stage, STAGE_LIMIT, 80, 24);
    history_close(stage.site.history); /* and with it its lease */
    stage.site.history = NULL;
    console_stored(stage.console);
    stage_draw(&stage);
    stage_key(&stage, "c");
    CU_ASSERT(stage_said(&stage, "adopt 1"));
    CU_ASSERT_EQUAL(said_lines(&stage), 1);
    struct engine_news news = adopted;
    news.ticket = stage.ticket;
    console_news(stage.console, &news);
    CU_ASSERT(stage_said(&stage, "\"verb\":\"resume\""));
    CU_ASSERT_EQUAL(said_lines(&stage), 2);
    stage_close(&stage);
}

static void a_bell_rings_when_a_person_is_awaited(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_LIVE, 80, 24);
    CU_ASSERT(!(stage.wants & CONSOLE_BELL));
    tape_final(&stage.site.tape, "done");
    struct record *r = batch_add(&stage.site.tape.batch, RECORD_STATUS);
    r->run = stage.site.tape.run;
    r->wall_us = stage.site.tape.wall_us;
    r->status.state = RUN_AWAITING_APPROVAL;
    r->status.branch = 1;
    stage_stored(&stage);
    CU_ASSERT(stage.wants & CONSOLE_BELL);
    stage_close(&stage);
}

static void quitting_asks_while_a_run_is_at_work(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_LIVE, 80, 24);
    stage_key(&stage, "q");
    CU_ASSERT(!(stage.wants & CONSOLE_QUIT));
    CU_ASSERT(stage_shows(&stage, "A run is at work"));
    stage_key(&stage, "Esc");
    stage_key(&stage, "C-c"); /* pauses; P01: twice asks */
    stage_key(&stage, "C-c");
    CU_ASSERT(stage_shows(&stage, "A run is at work"));
    stage_key(&stage, "q");
    CU_ASSERT(stage.wants & CONSOLE_QUIT);
    stage_close(&stage);
    stage_open(&stage, STAGE_RESTING, 80, 24);
    stage_key(&stage, "q");
    CU_ASSERT(stage.wants & CONSOLE_QUIT);
    stage_close(&stage);
}

static void a_command_line_reaches_every_verb(void)
{
    static const struct {
        const char *line, *said, *shown;
    } cases[] = {
        {"extend 5 minutes", "\"amount\":5,\"limit\":\"minutes\"", NULL},
        {"approve 5 always", "\"effect\":5,\"scope\":\"always\"", NULL},
        {"approve always", "\"scope\":\"always\"", NULL},
        {"deny 5 not like this", "\"reason\":\"not like this\"", NULL},
        {"rollback good place", NULL, "no checkpoint"},
        {"set max_iteratons 3", NULL, "did you mean"},
        {"set limits.max_iterations 30", "\"name\":\"limits.max_iterations\",\"value\":\"30\"",
         NULL},
        {"breaker shell reset", "\"key\":\"shell\",\"action\":\"reset\"", NULL},
        {"resolve maybe", NULL, "happened|run|skip"},
        {"inject look again", "\"text\":\"look again\"", NULL},
        {"run find a chair", "start find a chair", NULL},
        {"theme no-such", NULL, "no-such"},
        {"export", NULL, "export needs a file"},
        {"export run.jsonl jsonl", "--output run.jsonl --format jsonl\n", "exporting"},
        {"export run.rerail", "--output run.rerail\n", "exporting"},
        {"bundle", "errand bundle", "bundling"},
        {"import", NULL, "import needs a file"},
        {"import a file of mine.json", "errand import a file of mine.json\n", "importing"},
        {"compare", NULL, "compare needs a step or a run"},
        {"compare 3 abcd1234:#2", ":3 abcd1234:#2\n", "compare 3 abcd1234:#2"},
        {"compare 'ab cd' \"e\\\"f\"", "errand compare ab cd e\"f\n", NULL},
        {"compare 'ab", NULL, "a quote is not closed"},
        {"request", NULL, "request needs a call's number"},
        {"request 2 --diff 3", " 2 --diff 3\n", "request 2 --diff 3"},
        {"report", NULL, "there is no report yet"},
        {"pase", NULL, "did you mean 'pause'?"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage stage;

        stage_open(&stage, STAGE_LIMIT, 100, 24);
        stage_key(&stage, ":");
        stage_type(&stage, cases[i].line);
        stage_key(&stage, "Enter");
        CU_ASSERT(!cases[i].said || stage_said(&stage, cases[i].said));
        CU_ASSERT(!cases[i].shown || stage_shows(&stage, cases[i].shown));
        CU_ASSERT_EQUAL(said_lines(&stage), cases[i].said ? 1 : 0);
        stage_close(&stage);
    }
}

static void what_a_look_prints_is_a_report_in_Detail(void)
{
    static const char text[] = "run  a  b\n- step 3, you\n+ step 4, you\n";
    struct stage stage;

    stage_open(&stage, STAGE_RESTING, 100, 30);
    stage_key(&stage, ":");
    stage_type(&stage, "compare 3");
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_shows(&stage, "compare 3 …"));
    console_printed(stage.console, text, 10);
    stage_draw(&stage);
    CU_ASSERT(stage_shows(&stage, "run  a  b"));
    CU_ASSERT(stage_lacks(&stage, "step 4, you"));
    stage_key(&stage, "1"); /* to the timeline, whose row is the subject then */
    CU_ASSERT(stage_lacks(&stage, "run  a  b"));
    console_printed(stage.console, text, strlen(text));
    console_returned(stage.console, true, "run a b");
    stage_draw(&stage);
    CU_ASSERT(stage_shows(&stage, "compare 3: done; :report shows it"));
    stage_key(&stage, ":");
    stage_type(&stage, "report");
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_shows(&stage, "+ step 4, you"));
    stage_key(&stage, ":"); /* another one, as long: it takes the place of the first */
    stage_type(&stage, "compare 4");
    stage_key(&stage, "Enter");
    console_printed(stage.console, "other\n", 6);
    console_returned(stage.console, true, "other");
    stage_draw(&stage);
    CU_ASSERT(stage_shows(&stage, "other"));
    CU_ASSERT(stage_lacks(&stage, "+ step 4, you"));
    stage_close(&stage);
}

/* All that a terminal of true colour is told for this screen. */
static struct hash painted(const struct stage *stage)
{
    const struct theme *theme = console_theme(stage->console);
    size_t cells = (size_t)stage->grid.w * (size_t)stage->grid.h;
    struct paint *paints = mem_array(cells, sizeof *paints);

    for (size_t i = 0; i < cells; i++)
        paints[i] = theme_paint(theme, (enum role)stage->grid.cells[i].role,
                                stage->grid.cells[i].attrs, COLOUR_TRUE);
    struct hash hash = sha256(paints, cells * sizeof *paints);
    free(paints);
    return hash;
}

static void every_theme_switched_live_paints_another_screen(void)
{
    struct hash seen[THEME_LIST];
    struct stage stage;
    char name[THEME_NAME];
    size_t count = 0;

    stage_open(&stage, STAGE_RESTING, 80, 24);
    for (; theme_builtin(name, count); count++) {
        stage.wants = 0;
        stage_key(&stage, ":");
        stage_type(&stage, "theme ");
        CU_ASSERT(stage_shows(&stage, name)); /* offered, from the same list */
        stage_type(&stage, name);
        stage_key(&stage, "Enter");
        CU_ASSERT(stage.wants & CONSOLE_THEME);
        seen[count] = painted(&stage);
        for (size_t i = 0; i < count; i++)
            CU_ASSERT(memcmp(&seen[i], &seen[count], sizeof *seen) != 0);
    }
    CU_ASSERT(count >= 9);
    stage_close(&stage);
}

static void lines_that_were_left_fold_in_the_tree_of_checkpoints(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_RESTING, 100, 30);
    CU_ASSERT(stage_shows(&stage, "│ │ ◌ 3"));
    CU_ASSERT(stage_shows(&stage, "│ ├─◌ 2"));
    stage_key(&stage, "3");
    for (int i = 0; i < 2; i++)
        stage_key(&stage, "j");
    stage_key(&stage, "h");
    CU_ASSERT(stage_shows(&stage, "├─▸ 2 checkpoints rolled back"));
    CU_ASSERT(stage_lacks(&stage, "◌"));
    stage_key(&stage, "Enter"); /* opens what is folded, and a checkpoint in Detail */
    CU_ASSERT(stage_shows(&stage, "│ ├─◌ 2"));
    stage_key(&stage, "t");
    CU_ASSERT(stage_lacks(&stage, "◌"));
    stage_key(&stage, "t");
    stage_key(&stage, "G");
    stage_key(&stage, "k");
    stage_key(&stage, "r");
    CU_ASSERT(stage_shows(&stage, "The head goes to step 4 «good place»"));
    stage_close(&stage);
}

static void JSON_folds_in_Detail_and_is_searched_all_the_same(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_LIVE, 100, 30);
    tape_answer(&stage.site.tape, "I look", "shell",
                "{\"command\":\"make\",\"env\":{\"CC\":\"clang\"},\"text\":\"one\\ntwo\\n\"}");
    stage_stored(&stage);
    stage_key(&stage, "2");
    CU_ASSERT(stage_shows(&stage, "▾ \"env\": {"));
    CU_ASSERT(stage_shows(&stage, "▾ \"text\": 2 lines"));
    stage_key(&stage, "t");
    CU_ASSERT(stage_shows(&stage, "▸ \"env\": {…}, 1 key"));
    CU_ASSERT(stage_lacks(&stage, "clang"));
    stage_key(&stage, "/");
    stage_type(&stage, "clang");
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_shows(&stage, "\"CC\": \"clang\""));
    CU_ASSERT(stage_shows(&stage, "match 1 of 1 in Detail"));
    stage_key(&stage, "h"); /* the row that was found is in it */
    CU_ASSERT(stage_shows(&stage, "▸ \"env\": {…}, 1 key"));
    stage_key(&stage, "l");
    CU_ASSERT(stage_lacks(&stage, "▸ \"env\""));
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_shows(&stage, "▸ \"env\": {…}, 1 key"));
    stage_close(&stage);
}

static void n_goes_through_the_matches_of_a_short_text(void)
{
    static const char *const says[] = {"match 1 of 3", "match 2 of 3", "match 3 of 3",
                                       "match 1 of 3"};
    struct stage stage;

    stage_open(&stage, STAGE_LIVE, 100, 30);
    tape_final(&stage.site.tape, "pear\\n\\napple\\n\\npear\\n\\nplum\\n\\npear");
    stage_stored(&stage);
    stage_key(&stage, "2");
    stage_key(&stage, "/");
    stage_type(&stage, "pear");
    stage_key(&stage, "Enter");
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        CU_ASSERT(stage_shows(&stage, says[i]));
        stage_key(&stage, "n");
    }
    stage_key(&stage, "N");
    CU_ASSERT(stage_shows(&stage, "match 1 of 3"));
    stage_close(&stage);
}

static void say_line(struct stage *stage, const char *key, const char *text)
{
    stage_key(stage, key);
    stage_type(stage, text);
    stage_key(stage, "Enter");
}

static void what_was_typed_comes_back_for_its_own_kind(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_LIVE, 80, 24);
    say_line(&stage, "i", "look at the battery");
    say_line(&stage, "i", "and at the price");
    say_line(&stage, ":", "set limits.max_iterations 30");
    stage_key(&stage, "i");
    stage_type(&stage, "begun");
    stage_key(&stage, "Up");
    CU_ASSERT(stage_shows(&stage, "› and at the price"));
    stage_key(&stage, "C-p");
    CU_ASSERT(stage_shows(&stage, "› look at the battery"));
    stage_key(&stage, "Up"); /* there is no older one, and no command among them */
    CU_ASSERT(stage_shows(&stage, "› look at the battery"));
    stage_key(&stage, "Down");
    stage_key(&stage, "C-n");
    CU_ASSERT(stage_shows(&stage, "› begun"));
    stage_key(&stage, "C-u");
    stage_type(&stage, "the");
    stage_key(&stage, "C-r");
    CU_ASSERT(stage_shows(&stage, "› and at the price"));
    CU_ASSERT(stage_shows(&stage, "earlier ones with \"the\""));
    stage_key(&stage, "C-r");
    CU_ASSERT(stage_shows(&stage, "› look at the battery"));
    stage_key(&stage, "C-r");
    CU_ASSERT(stage_shows(&stage, "no earlier one with"));
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_said(&stage, "\"text\":\"look at the battery\""));
    stage_close(&stage);
}

static void Tab_goes_through_completions_and_Enter_takes_one(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_LIVE, 80, 24);
    stage_key(&stage, ":");
    stage_type(&stage, "exte");
    stage_key(&stage, "Tab");
    CU_ASSERT(stage_shows(&stage, "› extend "));
    stage_key(&stage, "C-u");
    stage_type(&stage, "theme ");
    stage_key(&stage, "Tab");
    stage_key(&stage, "Tab");
    stage_key(&stage, "Up");
    stage_key(&stage, "S-Tab");
    stage_key(&stage, "S-Tab"); /* from the first to the last, and one before */
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_shows(&stage, "› theme nord"));
    CU_ASSERT(!(stage.wants & CONSOLE_THEME));
    stage_key(&stage, "Enter");
    CU_ASSERT(stage.wants & CONSOLE_THEME);
    stage_key(&stage, ":");
    stage_key(&stage, "Tab");
    stage_key(&stage, "Esc"); /* leaves the list, then the line */
    CU_ASSERT(stage_shows(&stage, "─ Command"));
    stage_key(&stage, "Esc");
    CU_ASSERT(stage_lacks(&stage, "─ Command"));
    stage_close(&stage);
}

static void without_a_task_the_runs_have_the_screen(void)
{
    static const char *const elsewhere[] = {"1", "2", "3", "4", "Tab", "S-Tab", "Esc", "_"};
    struct stage stage;

    stage_open(&stage, STAGE_RESTING, 180, 50); /* where all five panels would fit */
    stage_home(&stage);
    CU_ASSERT(stage_shows(&stage, "o starts a new one."));
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        stage_key(&stage, elsewhere[i]);
        CU_ASSERT(stage_shows(&stage, "Find a laptop under $1000"));
        CU_ASSERT(stage_lacks(&stage, "Timeline"));
    }
    stage_key(&stage, "1");
    CU_ASSERT(stage_shows(&stage, "Enter opens the chosen one, o starts"));
    stage_key(&stage, "Space");
    CU_ASSERT_EQUAL(said_lines(&stage), 0);
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_shows(&stage, "Timeline"));
    CU_ASSERT(stage_lacks(&stage, "o starts a new one."));
    stage_home(&stage);
    stage_key(&stage, ":");
    stage_type(&stage, "run find a chair");
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_shows(&stage, "starting: find a chair"));
    CU_ASSERT(stage_shows(&stage, "The run is being started."));
    stage_close(&stage);
}

static void U01_any_size_is_drawn(void)
{
    static const int sizes[][2] = {{1, 1},  {1, 200}, {200, 1}, {2, 1},    {0, 0},
                                   {20, 5}, {19, 4},  {33, 7},  {300, 90}, {80, 24}};
    struct stage stage;

    stage_open(&stage, STAGE_RESTING, 80, 24);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        static const char *const keys[] = {"?", "Esc", "r", "Esc", ":", "Esc", "5", "1", "+", "_"};

        stage_size(&stage, sizes[i][0], sizes[i][1]);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            stage_key(&stage, keys[k]);
    }
    CU_ASSERT(stage_shows(&stage, "Timeline"));
    stage_close(&stage);
}

static void U10_a_paste_goes_only_where_a_text_is_typed(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_LIVE, 80, 24);
    stage_paste(&stage, "q\nX\n:quit\n");
    CU_ASSERT_EQUAL(said_lines(&stage), 0);
    stage_key(&stage, "i");
    stage_paste(&stage, "two\nlines");
    CU_ASSERT_EQUAL(said_lines(&stage), 0);
    stage_key(&stage, "Enter");
    CU_ASSERT(stage_said(&stage, "\"text\":\"two\\nlines\""));
    stage_close(&stage);
}

static void a_resting_console_never_wakes(void)
{
    struct stage stage;

    stage_open(&stage, STAGE_RESTING, 80, 24);
    CU_ASSERT(!console_dirty(stage.console));
    CU_ASSERT_EQUAL(console_wake(stage.console), -1);
    stage_close(&stage);
    stage_open(&stage, STAGE_LIVE, 80, 24);
    stage_wait(&stage, 60 * (int64_t)1000000);
    CU_ASSERT_EQUAL(console_wake(stage.console), stage.now_us + 1000000);
    stage_close(&stage);
}

static void the_action_table_holds(void)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct action_info *info = action_info((enum action_id)i);

        CU_ASSERT_EQUAL(action_find(info->name), i); /* unique */
        CU_ASSERT(*info->help != '\0');
        CU_ASSERT(strlen(info->help) < 70);
    }
}

const struct suite suite_console = {
    "console",
    (const struct test[]){
        {"keys say their verbs", keys_say_their_verbs},
        {"answers say their verbs", answers_say_their_verbs},
        {"Esc and typing ahead change nothing", Esc_and_typing_ahead_change_nothing},
        {"a yes carries the hash of what was shown", a_yes_carries_the_hash_of_what_was_shown},
        {"nothing answers an approval in its first moment",
         nothing_answers_an_approval_in_its_first_moment},
        {"yes is inert until the end was on the screen",
         yes_is_inert_until_the_end_was_on_the_screen},
        {"a denial takes a reason", a_denial_takes_a_reason},
        {"a roll-back is shown before it is done", a_roll_back_is_shown_before_it_is_done},
        {"a run that nobody has is taken over before a verb",
         a_run_that_nobody_has_is_taken_over_before_a_verb},
        {"a bell rings when a person is awaited", a_bell_rings_when_a_person_is_awaited},
        {"quitting asks while a run is at work", quitting_asks_while_a_run_is_at_work},
        {"a command line reaches every verb", a_command_line_reaches_every_verb},
        {"what a look prints is a report in Detail", what_a_look_prints_is_a_report_in_Detail},
        {"every theme, switched live, paints another screen",
         every_theme_switched_live_paints_another_screen},
        {"lines that were left fold in the tree of checkpoints",
         lines_that_were_left_fold_in_the_tree_of_checkpoints},
        {"JSON folds in Detail, and is searched all the same",
         JSON_folds_in_Detail_and_is_searched_all_the_same},
        {"n goes through the matches of a short text", n_goes_through_the_matches_of_a_short_text},
        {"what was typed comes back, for its own kind", what_was_typed_comes_back_for_its_own_kind},
        {"Tab goes through completions, and Enter takes one",
         Tab_goes_through_completions_and_Enter_takes_one},
        {"without a task the runs have the screen", without_a_task_the_runs_have_the_screen},
        {"U01 any size is drawn", U01_any_size_is_drawn},
        {"U10 a paste goes only where a text is typed",
         U10_a_paste_goes_only_where_a_text_is_typed},
        {"a resting console never wakes", a_resting_console_never_wakes},
        {"the action table holds", the_action_table_holds},
        {NULL, NULL},
    },
};
