/* SPDX-License-Identifier: MIT */
#include "core/sim/demo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/embed.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/agent_file.h"
#include "core/tool/command.h"
#include "core/tool/tool.h"
#include "tests/suite.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"
#include "tests/support/talk.h"

#define FOLDER "core/sim/demo/"

/* A shop in a folder of its own, where no tool waits. */
struct shop {
    char *dir;
    char *path;   /* PATH=… with a sleep that does not */
    cJSON *known; /* what calls have answered: asked once, whatever the story */
    int folder;
};

static struct shop shop_open(void)
{
    struct shop shop = {.dir = scratch_new(), .known = cJSON_CreateObject()};
    struct err err = {0};
    char *workspace = mem_printf("%s/shop", shop.dir);

    CU_ASSERT_EQUAL_FATAL(demo_workspace(workspace, &err), 0);
    scratch_folder(shop.dir, "fast");
    scratch_write(shop.dir, "fast/sleep", "#!/bin/sh\n");
    CU_ASSERT_EQUAL(chmod(scratch_path(shop.dir, "fast/sleep"), 0700), 0);
    shop.path = mem_printf("PATH=%s/fast:/usr/bin:/bin", shop.dir);
    shop.folder = open(workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(workspace);
    return shop;
}

static void shop_close(struct shop *shop)
{
    (void)close(shop->folder);
    scratch_free(shop->dir);
    free(shop->path);
    cJSON_Delete(shop->known);
}

/* Runs one of its programs; the exit code. *out is yours. */
static int run(const struct shop *shop, const char *name, const char *args, char **out)
{
    char *program = mem_printf("./bin/%s", name);
    const char *argv[] = {program, NULL}, *env[] = {shop->path, NULL};
    const struct process_spec spec = {
        .argv = argv, .env = env, .cwd = shop->folder, .input = args, .input_len = strlen(args)};
    struct child child = child_start(&spec, 0);
    const struct process_result *result = child_wait(&child);
    int code = result->code;

    *out = mem_copy(result->out.head, result->out.head_len);
    child_free(&child);
    free(program);
    return code;
}

/* ---- The workspace ---- */

static void the_workspace_has_every_file_of_the_shop(void)
{
    struct shop shop = shop_open();
    size_t count = 0;

    for (const struct embed *file = embed_table; file->name; file++) {
        if (!str_starts(file->name, FOLDER))
            continue;
        char *name = mem_printf("shop/%s", file->name + strlen(FOLDER));
        struct stat st;

        CU_ASSERT(scratch_holds(shop.dir, name, (const char *)file->bytes));
        CU_ASSERT_EQUAL(stat(scratch_path(shop.dir, name), &st), 0);
        CU_ASSERT_EQUAL(st.st_mode & 0777, strstr(name, "/bin/") ? 0700 : 0600);
        free(name);
        count++;
    }
    CU_ASSERT(count > 10);
    shop_close(&shop);
}

static void what_was_changed_there_stays(void)
{
    struct shop shop = shop_open();
    char *workspace = mem_printf("%s/shop", shop.dir);

    scratch_write(shop.dir, "shop/stock.csv", "mine\n");
    scratch_write(shop.dir, "shop/bin/search.new", "half a file");
    CU_ASSERT_EQUAL(unlink(scratch_path(shop.dir, "shop/bin/search")), 0);
    CU_ASSERT_EQUAL(demo_workspace(workspace, NULL), 0);
    CU_ASSERT(scratch_holds(shop.dir, "shop/stock.csv", "mine\n"));
    CU_ASSERT(scratch_holds(shop.dir, "shop/bin/search",
                            (const char *)embed_find(FOLDER "bin/search")->bytes));
    CU_ASSERT_FALSE(scratch_has(shop.dir, "shop/bin/search.new"));
    free(workspace);
    shop_close(&shop);
}

static void a_place_that_cannot_be_written_is_named(void)
{
    struct err err = {0};

    CU_ASSERT(demo_workspace("/proc/nothing/here", &err) < 0);
    CU_ASSERT(str_starts(err.msg, "the demo's workspace: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "/proc/nothing"));
}

/* ---- The tools ---- */

static void a_warehouse_answers_at_the_third_ring_and_from_then_on(void)
{
    static const struct {
        const char *sku;
        int code;
    } calls[] = {{"aster-14", 75}, {"basalt-15", 75}, {"aster-14", 0},
                 {"basalt-15", 0}, {"fjord-14", 75},  {"fjord-14", 75},
                 {"fjord-14", 0},  {"aster-14", 0},   {"none-1", 1}};
    struct shop shop = shop_open();

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char *args = mem_printf("{\"sku\":\"%s\"}", calls[i].sku), *out;
        cJSON *tree = NULL;

        CU_ASSERT_EQUAL(run(&shop, "stock", args, &out), calls[i].code);
        if (calls[i].code == 0) {
            CU_ASSERT_EQUAL_FATAL(json_parse(&tree, out, strlen(out), NULL, NULL), 0);
            CU_ASSERT_STRING_EQUAL(json_text(tree, "sku"), calls[i].sku);
            CU_ASSERT(json_int(tree, "in_stock", 0) > 0);
        }
        cJSON_Delete(tree);
        free(args);
        free(out);
    }
    shop_close(&shop);
}

static const struct {
    const char *args;
    const char *skus; /* in this order */
} searches[] = {
    {"{\"max_price\":1000,\"sort\":\"rating\"}", "aster-14 basalt-15 fjord-14 "},
    {"{\"max_price\":1000,\"sort\":\"battery\"}", "fjord-14 aster-14 cirrus-13 "},
    {"{\"max_price\":1000,\"sort\":\"weight\",\"limit\":2}", "cirrus-13 aster-14 "},
    {"{\"max_price\":700,\"sort\":\"price\"}", "iris-14 grove-15 "},
    {"{\"max_price\":550.5,\"min_memory\":8}", "iris-14 "},
    {"{\"max_price\":10}", ""},
};

static void a_search_gives_what_fits_best_first(void)
{
    struct shop shop = shop_open();

    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        char *out;
        cJSON *tree = NULL;
        const cJSON *one;
        struct buf skus;

        buf_init(&skus, 1 << 12);
        CU_ASSERT_EQUAL(run(&shop, "search", searches[i].args, &out), 0);
        CU_ASSERT_EQUAL_FATAL(json_parse(&tree, out, strlen(out), NULL, NULL), 0);
        cJSON_ArrayForEach(one, tree)
        {
            (void)buf_printf(&skus, "%s ", json_text(one, "sku"));
        }
        CU_ASSERT_STRING_EQUAL(skus.data, searches[i].skus);
        buf_free(&skus);
        cJSON_Delete(tree);
        free(out);
    }
    shop_close(&shop);
}

static void every_laptop_has_a_price_a_place_and_a_line_in_the_table(void)
{
    struct shop shop = shop_open();
    struct buf skus;
    char *all, *table;
    cJSON *tree = NULL;
    const cJSON *one;

    buf_init(&skus, 1 << 12);
    CU_ASSERT_EQUAL(run(&shop, "search", "{\"limit\":11}", &all), 0);
    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, all, strlen(all), NULL, NULL), 0);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(tree), 11);
    cJSON_ArrayForEach(one, tree)
    {
        (void)buf_printf(&skus, "%s ", json_text(one, "sku"));
    }
    char *args = mem_printf("{\"skus\":\"%s\"}", skus.data);
    char *stock = scratch_read(shop.dir, "shop/stock.csv");
    CU_ASSERT_EQUAL(run(&shop, "compare", args, &table), 0);
    cJSON_ArrayForEach(one, tree)
    {
        char *row =
            mem_printf("| %s | $%d |", json_text(one, "name"), (int)json_int(one, "price", 0));

        CU_ASSERT_PTR_NOT_NULL(strstr(table, row));
        CU_ASSERT_PTR_NOT_NULL(strstr(stock, json_text(one, "sku")));
        free(row);
    }
    free(args);
    free(stock);
    free(all);
    free(table);
    buf_free(&skus);
    cJSON_Delete(tree);
    shop_close(&shop);
}

static void the_shops_are_asked_for_one_laptop_cheapest_first(void)
{
    struct shop shop = shop_open();
    char *out;

    CU_ASSERT_EQUAL(run(&shop, "prices", "{\"sku\":\"dune-14\"}", &out), 0);
    CU_ASSERT_STRING_EQUAL(out, "{\"sku\":\"dune-14\",\"best\":{\"shop\":\"Old Town Computers\","
                                "\"price\":849},\"offers\":[\n"
                                "  {\"shop\":\"Old Town Computers\",\"price\":849,\"days\":2},\n"
                                "  {\"shop\":\"Pixel Pier\",\"price\":859,\"days\":4},\n"
                                "  {\"shop\":\"BrightByte\",\"price\":869,\"days\":1}\n]}\n");
    free(out);
    CU_ASSERT_EQUAL(run(&shop, "prices", "{\"sku\":\"none\"}", &out), 1);
    free(out);
    shop_close(&shop);
}

/* ---- The agent ---- */

static void the_agent_file_is_right_and_has_every_tool_that_the_model_calls(void)
{
    const struct agent_checks checks = {.command = NULL};
    struct agent_file *agent = NULL;
    struct err err = {0};
    cJSON *commands = NULL;
    const cJSON *one;

    int rc = agent_file_find(&agent, NULL, DEMO_AGENT, &checks, &err);
    if (rc < 0)
        printf("    %s\n", err.msg);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    CU_ASSERT_EQUAL_FATAL(
        json_parse(&commands, agent->commands, strlen(agent->commands), NULL, NULL), 0);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(commands), 4);
    cJSON_ArrayForEach(one, commands)
    {
        struct command command = {0};
        const cJSON *where = NULL;
        char *program = mem_printf(FOLDER "bin/%s", json_text(one, "name"));

        CU_ASSERT_EQUAL(command_parse(&command, one, &where, &err), 0);
        CU_ASSERT_PTR_NOT_NULL(embed_find(program));
        command_clear(&command);
        free(program);
    }
    cJSON_Delete(commands);
    agent_file_free(agent);
}

/* ---- The story ---- */

static char *write_file(const struct shop *shop, const cJSON *args)
{
    char *name = mem_printf("shop/%s", json_text(args, "path"));

    scratch_write(shop->dir, name, json_text(args, "content"));
    free(name);
    return mem_text("written");
}

static char *read_file(const struct shop *shop, const cJSON *args)
{
    char *name = mem_printf("shop/%s", json_text(args, "path"));
    char *text = scratch_read(shop->dir, name);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    free(name);
    return text;
}

/* As the engine would: three attempts where the exit code says so. */
static char *run_tool(const struct shop *shop, const char *name, const char *args)
{
    char *out = NULL;
    int code = 75;

    for (int i = 0; i < 3 && code == 75; i++) {
        free(out);
        code = run(shop, name, args, &out);
    }
    CU_ASSERT_EQUAL(code, 0);
    return out;
}

static char *do_tool(void *self, const char *name, const cJSON *args)
{
    const struct shop *shop = self;

    if (str_eq(name, "write_file"))
        return write_file(shop, args);
    if (str_eq(name, "read_file"))
        return read_file(shop, args);
    if (str_eq(name, "list_files"))
        return mem_text("reviews/");
    char *text = json_print(args), *call = mem_printf("%s %s", name, text);
    char *out = mem_text(json_text(shop->known, call));
    if (!out) {
        out = run_tool(shop, name, text);
        json_set_text(shop->known, call, out);
    }
    free(call);
    free(text);
    return out;
}

static void the_story_ends_with_a_recommendation(void)
{
    struct shop shop = shop_open();
    struct simulator *sim = simulator_named("demo");
    struct talk talk = talk_begin(sim, do_tool, &shop);
    char *answer = talk_say(&talk, DEMO_TASK);

    CU_ASSERT_STRING_EQUAL(talk.steps.data,
                           "list_files+search+search 429 prices+prices+prices+read_file "
                           "compare+stock+stock write_file+write_file | ");
    CU_ASSERT(str_starts(answer, "## Aster 14: the one to carry every day\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "**$899** at Old Town Computers"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "| Basalt 15 | $949 |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "in Ulm has 4 and ships tomorrow"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "Press `r`"));
    CU_ASSERT_PTR_NULL(strstr(answer, "{{"));
    char *list = scratch_read(shop.dir, "shop/comparison.csv");
    CU_ASSERT_STRING_EQUAL(list, "name,price,shop,battery,weight,rating\n"
                                 "Aster 14,899,Old Town Computers,13,1.25,4.7\n"
                                 "Basalt 15,949,BrightByte,9,1.75,4.5\n"
                                 "Fjord 14,979,Pixel Pier,18,1.35,4.4\n");
    free(list);
    free(answer);
    talk_end(&talk);
    simulator_free(sim);
    shop_close(&shop);
}

/* Said after a rollback to the message of that number, and what then comes of it. */
static const struct {
    int messages;
    const char *says;
    const char *steps;  /* of what follows */
    const char *answer; /* has this */
} wishes[] = {
    {1, "prefer battery life", "search compare+stock+stock write_file | ", "## Fjord 14: "},
    {5, "prefer battery life", "search compare+stock+stock write_file | ", "## Fjord 14: "},
    {10, "I travel by train a lot", "search compare+stock+stock write_file | ", "## Fjord 14: "},
    {14, "lighter please", "search compare+stock+stock write_file | ", "## Cirrus 13: "},
    {17, "a larger screen", "search compare+stock+stock write_file | ", "## Juniper 16: "},
    {18, "more storage", "search compare+stock+stock write_file | ", "## Basalt 15: "},
    {18, "cheaper", "search compare+stock+stock write_file | ", "## Grove 15: "},
    {18, "I have only $550", "search compare+stock write_file | ", "## Iris 14: "},
    {18, "at most 300 dollars", "search | ", "Nothing in the catalogue fits that."},
    {18, "Thanks!", "| ", "You are welcome."},
    {5, "does it come in green?", "| ", "You said: *does it come in green?*"},
    {18, "does it come in green?", "| ", "understand only a few wishes: **battery**"},
};

static void after_a_rollback_a_wish_leads_to_another_answer(void)
{
    struct shop shop = shop_open();
    struct simulator *sim = simulator_named("demo");
    struct talk talk = talk_begin(sim, do_tool, &shop);
    char *first = talk_say(&talk, DEMO_TASK);
    cJSON *whole = cJSON_Duplicate(talk.messages, true);

    CU_ASSERT_EQUAL(cJSON_GetArraySize(whole), 18);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        cJSON_Delete(talk.messages);
        talk.messages = cJSON_Duplicate(whole, true);
        talk_roll_back(&talk, wishes[i].messages);
        buf_clear(&talk.steps);
        char *answer = talk_say(&talk, wishes[i].says);
        if (!str_eq(talk.steps.data, wishes[i].steps) || !strstr(answer, wishes[i].answer))
            printf("    %s: %s\n%s\n", wishes[i].says, talk.steps.data, answer);
        CU_ASSERT_STRING_EQUAL(talk.steps.data, wishes[i].steps);
        CU_ASSERT_PTR_NOT_NULL(strstr(answer, wishes[i].answer));
        CU_ASSERT_PTR_NULL(strstr(answer, "{{"));
        free(answer);
    }
    cJSON_Delete(whole);
    free(first);
    talk_end(&talk);
    simulator_free(sim);
    shop_close(&shop);
}

static void a_rollback_without_a_word_leads_to_the_same_answer(void)
{
    static const int places[] = {1, 5, 10, 14, 17};
    struct shop shop = shop_open();
    struct simulator *sim = simulator_named("demo");
    struct talk talk = talk_begin(sim, do_tool, &shop);
    char *first = talk_say(&talk, DEMO_TASK);
    cJSON *whole = cJSON_Duplicate(talk.messages, true);

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cJSON_Delete(talk.messages);
        talk.messages = cJSON_Duplicate(whole, true);
        talk_roll_back(&talk, places[i]);
        char *again = talk_on(&talk);
        CU_ASSERT_STRING_EQUAL(again, first);
        free(again);
    }
    cJSON_Delete(whole);
    free(first);
    talk_end(&talk);
    simulator_free(sim);
    shop_close(&shop);
}

static const struct test tests[] = {
    {"the workspace has every file of the shop", the_workspace_has_every_file_of_the_shop},
    {"what was changed there stays", what_was_changed_there_stays},
    {"a place that cannot be written is named", a_place_that_cannot_be_written_is_named},
    {"a warehouse answers at the third ring, and from then on",
     a_warehouse_answers_at_the_third_ring_and_from_then_on},
    {"a search gives what fits, best first", a_search_gives_what_fits_best_first},
    {"every laptop has a price, a place and a line in the table",
     every_laptop_has_a_price_a_place_and_a_line_in_the_table},
    {"the shops are asked for one laptop, cheapest first",
     the_shops_are_asked_for_one_laptop_cheapest_first},
    {"the agent file is right and has every tool that the model calls",
     the_agent_file_is_right_and_has_every_tool_that_the_model_calls},
    {"the story ends with a recommendation", the_story_ends_with_a_recommendation},
    {"after a rollback a wish leads to another answer",
     after_a_rollback_a_wish_leads_to_another_answer},
    {"a rollback without a word leads to the same answer",
     a_rollback_without_a_word_leads_to_the_same_answer},
    {NULL, NULL},
};

const struct suite suite_demo = {"demo", tests};
