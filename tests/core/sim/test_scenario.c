/* SPDX-License-Identifier: MIT */
#include "core/sim/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/sim/asked.h"
#include "core/sim/condition.h"
#include "core/sim/dialect.h"
#include "core/sim/fact.h"
#include "core/sim/fault.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

/* ---- What is refused, and how it is said ---- */

#define REPLY(rest) "replies:\n  - text: hi\n" rest

static const struct {
    const char *yaml, *says;
} wrong[] = {
    {"", "s.yaml:1: a scenario needs replies"},
    {"replies: []", "s.yaml:1: a scenario needs replies"},
    {"replies: hi", "s.yaml:1: replies: expected a list"},
    {"replys: []", "s.yaml:1: no such key of a scenario 'replys': did you mean 'replies'?"},
    {"replies:\n  - txt: hi", "s.yaml:2: no such key of a reply 'txt': did you mean 'text'?"},
    {"replies:\n  - when: {turn: 0}",
     "s.yaml:2: a reply says something: text, reasoning, calls, or faults"},
    {"replies:\n  - text: [1]", "s.yaml:2: text: expected a text, a number, true or false"},
    {"replies: [hi]", "s.yaml:1: a reply is a mapping, with a key and a value a line"},
    {REPLY("    latency: soon"), "s.yaml:3: latency: expected a time such as 250ms, 2s or 5m"},
    {REPLY("    latency: -1"), "s.yaml:3: latency: expected a time such as 250ms, 2s or 5m"},
    {REPLY("    rate: 1.5"), "s.yaml:3: rate: expected a whole number"},
    {REPLY("    rate: 2000000"),
     "s.yaml:3: rate: expected at most a million tokens a second, 0 = no limit"},
    {REPLY("    chunk: 0"), "s.yaml:3: chunk: expected 1 to 100000 tokens an event"},
    {REPLY("    finish: 3"), "s.yaml:3: finish: expected a text, or null to send none"},
    {REPLY("    usage: 3"), "s.yaml:3: usage: expected counts, or null to send none"},
    {REPLY("    when: {trun: 1}"), "s.yaml:3: no such fact 'trun': did you mean 'turn'?"},
    {REPLY("    when: {result:a/b: {equal: 1}}"),
     "s.yaml:3: no such key of result:a/b 'equal': did you mean 'equals'?"},
    {REPLY("    when: {answer: x}"),
     "s.yaml:3: answer takes an argument: `answer:ID`: the result of that call"},
    {REPLY("    when: {turn:x: 1}"), "s.yaml:3: turn takes no argument"},
    {REPLY("    when: {last: {matches: '('}}"), "s.yaml:3: matches: "},
    {REPLY("    when: {any: {}}"), "s.yaml:3: any: expected a list of conditions"},
    {REPLY("    when: [turn]"), "s.yaml:3: expected conditions, such as {turn: 0}"},
    {REPLY("    when: {last: {present: yes}}"), "s.yaml:3: present: expected true or false"},
    {"replies:\n  - text: 'so {{usr}} said'", "s.yaml:2: no such fact 'usr': did you mean 'user'?"},
    {"replies:\n  - calls: {}", "s.yaml:2: calls: expected a list"},
    {"replies:\n  - calls:\n      - id: x", "s.yaml:3: a call needs a name"},
    {"replies:\n  - calls: [{name: a, arguments: [1]}]",
     "s.yaml:2: arguments: expected names and values, or a raw text"},
    {"replies:\n  - calls: [{name: a, arguments: {b: ['{{c}}']}}]", "s.yaml:2: no such fact 'c'"},
    {REPLY("    repeat: 2\n    text: again"), "s.yaml:4: "},
    {"replies:\n  - repeat: 3\n    reasoning: x", "s.yaml:2: repeat goes with text"},
    {REPLY("    expect: [{name: x}]"), "s.yaml:3: an expectation needs `that`: what must hold"},
    {REPLY("    faults: {status: 500}"), "s.yaml:3: faults: expected a list"},
    {REPLY("    faults: [{times: 2}]"),
     "s.yaml:3: a fault is one of status, cut, event, hang, pings, slow, send"},
    {REPLY("    faults: [{status: 500, cut: 3}]"),
     "s.yaml:3: cut: this fault is something else already"},
    {REPLY("    faults: [{status: 99}]"), "s.yaml:3: status: expected 200 to 599"},
    {REPLY("    faults: [{cut: middle}]"),
     "s.yaml:3: cut: expected a number of events, call or finish"},
    {REPLY("    faults: [{cut: 1, end: bang}]"), "s.yaml:3: no such end 'bang'"},
    {REPLY("    faults: [{cut: 1, body: x}]"),
     "s.yaml:3: body does not belong to this kind of fault"},
    {REPLY("    faults: [{status: 429, retry_after: {date: soon}}]"),
     "s.yaml:3: retry_after: expected seconds, a text, or {date: +2s}"},
    {REPLY("    faults: [{status: 429, headers: {a: \"b\\nc\"}}]"),
     "s.yaml:3: a: expected a text of one line"},
    {REPLY("    faults: [{status: 429, times: 0}]"),
     "s.yaml:3: times: expected a number from 1 on, or always"},
    {REPLY("    faults: [{slow: 0}]"), "s.yaml:3: slow: expected the bytes of one write"},
    {REPLY("    faults: [{pings: 0}]"), "s.yaml:3: pings: expected 1ms or more"},
    {REPLY("    faults: [{send: [{}]}]"),
     "s.yaml:3: a step has one of text, hex and head, or sleep, or end"},
    {REPLY("    faults: [{send: [{text: a, hex: 00}]}]"), "s.yaml:3: hex: expected a text"},
    {REPLY("    faults: [{send: [{hex: 'f'}]}]"),
     "s.yaml:3: hex: expected pairs of hexadecimal digits"},
    {REPLY("    faults: [{send: [{head: html}]}]"), "s.yaml:3: head: only sse is known"},
    {REPLY("    faults: [{send: [{text: a, repeat: 0}]}]"),
     "s.yaml:3: repeat: expected 1 to 10000000"},
};

static void a_wrong_scenario_is_named_by_file_line_and_nearest_name(void)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct scenario *scenario = NULL;
        struct err err = {0};
        const char *yaml = wrong[i].yaml;
        int rc = scenario_parse(&scenario, "/some/where/s.yaml", yaml, strlen(yaml), &err);

        CU_ASSERT_EQUAL(rc, E_PARSE);
        CU_ASSERT_PTR_NULL(scenario);
        if (!str_starts(err.msg, wrong[i].says))
            printf("    %s\n    not %s\n", err.msg, wrong[i].says);
        CU_ASSERT(str_starts(err.msg, wrong[i].says));
    }
}

/* ---- Requests ---- */

static struct asked asked_of(const char *body)
{
    struct asked asked = {.hash = sha256(body, strlen(body))};
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(json_parse(&asked.body, body, strlen(body), NULL, &err), 0);
    int rc = dialect_chat.read(&asked, &err);
    if (rc < 0)
        printf("    %s\n", err.msg);
    CU_ASSERT_EQUAL(rc, 0);
    return asked;
}

#define CALL(id, name, args)                                                                       \
    "{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"" name                      \
    "\",\"arguments\":\"" args "\"}}"
#define RESULT(id, text) "{\"role\":\"tool\",\"tool_call_id\":\"" id "\",\"content\":\"" text "\"}"
#define USER(text)       "{\"role\":\"user\",\"content\":\"" text "\"}"

static const char
    talk[] = "{\"model\":\"gpt-x\",\"stream\":true,\"tool_choice\":\"auto\",\"max_tokens\":4096,"
             "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"stock\"}},"
             "{\"type\":\"function\",\"function\":{\"name\":\"shell\"}}],"
             "\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"}," USER(
                 "Do 12 or 30 turns") ","
                                      "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":"
                                      "[" CALL("c1", "stock", "{}") "," CALL("c2", "shell", "{}") "]}," RESULT(
                                          "c1",
                                          "{\\\"count\\\":3,\\\"shops\\\":[{\\\"a/"
                                          "b\\\":\\\"Ulm\\\"}]}") "," RESULT("c2",
                                                                             "done") ",{\"role\":"
                                                                                     "\"assistant\""
                                                                                     ",\"content\":"
                                                                                     "\"So far.\"},"
                                                                                     "{\"role\":"
                                                                                     "\"user\","
                                                                                     "\"content\":["
                                                                                     "{\"type\":"
                                                                                     "\"text\","
                                                                                     "\"text\":"
                                                                                     "\"And \"},"
                                                                                     "{\"type\":"
                                                                                     "\"text\","
                                                                                     "\"text\":"
                                                                                     "\"now?\"}]},"
                                                                                     "{\"role\":"
                                                                                     "\"assistant\""
                                                                                     ",\"content\":"
                                                                                     "\"\",\"tool_"
                                                                                     "calls\":"
                                                                                     "[" CALL(
                                                                                         "c3",
                                                                                         "stock",
                                                                                         "{}") "]}"
                                                                                               "," RESULT(
                                                                                                   "c3",
                                                                                                   "{\\\"coun"
                                                                                                   "t\\\":2}") "]}";

/* What every fact is in that talk; NULL = the request has no such thing. */
static const struct {
    const char *spec, *value;
} facts[] = {
    {"role", "tool"},
    {"last", "{\"count\":2}"},
    {"task", "Do 12 or 30 turns"},
    {"user", "And now?"},
    {"system", "Be brief.\n"},
    {"result", "{\"count\":2}"},
    {"result:/count", "2"},
    {"result:shell", "done"},
    {"result:shell/count", NULL},
    {"result:stock/count", "2"},
    {"result:order", NULL},
    {"answer:c1", "{\"count\":3,\"shops\":[{\"a/b\":\"Ulm\"}]}"},
    {"answer:c9", NULL},
    {"messages", "9"},
    {"turn", "3"},
    {"user_messages", "2"},
    {"tool_results", "3"},
    {"new_results", "1"},
    {"called", "stock"},
    {"ever_called", "stock\nshell\nstock"},
    {"offers", "stock\nshell"},
    {"tool_choice", "auto"},
    {"model", "gpt-x"},
    {"stream", "true"},
    {"number:task", "12"},
    {"number:user", NULL},
    {"number:result:stock", "2"},
    {"number:number:task", NULL},
    {"request:/max_tokens", "4096"},
    {"request:/messages/-1/role", "tool"},
    {"request:/messages/1/content", "Do 12 or 30 turns"},
    {"request:/messages/99", NULL},
    {"request:/nothing", NULL},
    {"request:/tools/0/function", "{\"name\":\"stock\"}"},
    {"header:x-none", NULL},
};

static void a_fact_is_what_the_request_contains(void)
{
    struct asked asked = asked_of(talk);

    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct fact *fact = NULL;
        const char *argument = NULL;
        struct buf value;

        buf_init(&value, 1 << 16);
        CU_ASSERT_EQUAL_FATAL(fact_find(&fact, &argument, facts[i].spec, NULL), 0);
        bool found = fact->value(&asked, argument, &value);
        CU_ASSERT_EQUAL(found, facts[i].value != NULL);
        if (found && !str_eq(value.data, facts[i].value))
            printf("    %s: %s\n", facts[i].spec, value.data);
        if (found)
            CU_ASSERT_STRING_EQUAL(value.data, facts[i].value);
        buf_free(&value);
    }
    asked_clear(&asked);
}

static void every_fact_is_tried_and_told_of(void)
{
    char *readme = NULL;
    size_t len = 0;

    CU_ASSERT_EQUAL_FATAL(path_read(&readme, &len, "core/sim/README.md", 1 << 20, NULL), 0);
    for (const struct fact *fact = fact_table; fact->name; fact++) {
        char *row = mem_printf("| `%s` |", fact->name);
        size_t tried = 0;

        for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
            tried += str_starts(facts[i].spec, fact->name);
        CU_ASSERT(tried > 0);
        if (!strstr(readme, row))
            printf("    README.md has no row %s\n", row);
        CU_ASSERT_PTR_NOT_NULL(strstr(readme, row));
        CU_ASSERT(strlen(fact->help) > 0);
        free(row);
    }
    free(readme);
}

static void a_template_is_filled_from_the_request(void)
{
    static const struct {
        const char *text, *filled;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {"{{turn}}", "3"},
        {"{{ turn }} of {{number:task}}!", "3 of 12!"},
        {"{{answer:c9}}|", "|"},
        {"{{result:stock/count}}{{result:stock/count}}", "22"},
        {"a }} b {{", "a }} b {{"},
        {"{ {turn} }", "{ {turn} }"},
        {"{{answer:c1}}", "{\"count\":3,\"shops\":[{\"a/b\":\"Ulm\"}]}"},
    };
    struct asked asked = asked_of(talk);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;

        buf_init(&out, 1 << 16);
        CU_ASSERT_EQUAL(fact_check_template(cases[i].text, NULL), 0);
        CU_ASSERT_EQUAL(fact_fill(&out, cases[i].text, &asked), 0);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].filled);
        buf_free(&out);
    }
    asked_clear(&asked);
}

/* ---- Conditions ---- */

static const struct {
    const char *when;
    bool holds;
    const char *why; /* beginning of it */
} conditions[] = {
    {"{}", true, NULL},
    {"{turn: 3}", true, NULL},
    {"{turn: 4}", false, "turn: 3, expected 4"},
    {"{turn: {min: 3, max: 3}}", true, NULL},
    {"{turn: {min: 4}}", false, "turn: 3, expected at least 4"},
    {"{turn: {max: 2}}", false, "turn: 3, expected at most 2"},
    {"{turn: {below: 3}}", false, "turn: 3, expected below 3"},
    {"{turn: {below: '{{number:task}}'}}", true, NULL},
    {"{turn: {below: '{{user}}'}}", false, "turn: 3, expected below "},
    {"{task: {min: 1}}", false, "task: Do 12 or 30 turns, expected at least 1"},
    {"{role: tool, turn: 3}", true, NULL},
    {"{role: tool, turn: 1}", false, "turn: 3, expected 1"},
    {"{last: {contains: count}}", true, NULL},
    {"{last: {contains: Count}}", false, "last: {\"count\":2}, expected to contain Count"},
    {"{task: {matches: '(?i)DO \\d+'}}", true, NULL},
    {"{task: {matches: '^12'}}", false, "task: Do 12 or 30 turns, expected a match of ^12"},
    {"{user: And now?}", true, NULL},
    {"{called: stock}", true, NULL},
    {"{called: shell}", false, "called: stock, expected shell"},
    {"{ever_called: shell}", true, NULL},
    {"{offers: {matches: '^sh'}}", true, NULL},
    {"{offers: order}", false, "offers: stock"},
    {"{stream: true}", true, NULL},
    {"{request:/max_tokens: 4096}", true, NULL},
    {"{request:/max_tokens: {max: 100}}", false, "request:/max_tokens: 4096, expected at most 100"},
    {"{request:/seed: {present: false}}", true, NULL},
    {"{request:/seed: 1}", false, "request:/seed: not there"},
    {"{request:/seed: {present: true}}", false, "request:/seed: not there"},
    {"{request:/model: {present: false}}", false, "request:/model: there, expected none"},
    {"{answer:c3: {present: true}}", true, NULL},
    {"{answer:c4: {present: true}}", false, "answer:c4: "},
    {"{not: {turn: 4}}", true, NULL},
    {"{not: {turn: 3, role: tool}}", false, "what `not` excludes holds"},
    {"{not: {turn: 3, role: user}}", true, NULL},
    {"{any: [{turn: 4}, {turn: 3}]}", true, NULL},
    {"{any: [{turn: 4}, {turn: 5}]}", false, "none of `any` holds"},
};

static void a_condition_holds_or_says_why_not(void)
{
    struct asked asked = asked_of(talk);

    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        struct yaml *doc = NULL;
        struct condition *condition = NULL;
        struct err err = {0};
        struct buf why;
        const char *when = conditions[i].when;

        buf_init(&why, 4096);
        CU_ASSERT_EQUAL_FATAL(yaml_parse(&doc, "c", when, strlen(when), &err), 0);
        const struct strict s = {.doc = doc, .err = &err};
        CU_ASSERT_EQUAL_FATAL(condition_read(&condition, &s, yaml_root(doc)), 0);
        bool holds = condition_holds(condition, &asked, &why);
        CU_ASSERT_EQUAL(holds, conditions[i].holds);
        CU_ASSERT_EQUAL(condition_holds(condition, &asked, NULL), holds);
        bool said = holds ? why.len == 0 : str_starts(why.data, conditions[i].why);
        if (!said)
            printf("    %s: %s\n", when, why.data);
        CU_ASSERT(said);
        condition_free(condition);
        yaml_drop(doc);
        buf_free(&why);
    }
    asked_clear(&asked);
}

/* ---- The choice ---- */

static const char choosing[] =
    "replies:\n"
    "  - {name: stopped, when: {tool_choice: none}, text: a}\n"
    "  - {name: battery, when: {user: {matches: '(?i)battery'}}, text: a}\n"
    "  - {name: first, when: {turn: 0}, text: a}\n"
    "  - {name: found, when: {result: {contains: Aster}}, text: a}\n"
    "  - {name: else, when: {role: tool}, text: a}\n";

static const struct {
    const char *members, *messages, *reply;
} choices[] = {
    {"", USER("hi"), "first"},
    {",\"tool_choice\":\"none\"", USER("battery"), "stopped"},
    {"", USER("hi") "," USER("a long BATTERY life"), "battery"},
    {"",
     USER("hi") ",{\"role\":\"assistant\",\"tool_calls\":[" CALL("1", "find",
                                                                 "") "]}," RESULT("1", "Aster 14"),
     "found"},
    {"",
     USER("hi") ",{\"role\":\"assistant\",\"tool_calls\":[" CALL("1", "find",
                                                                 "") "]}," RESULT("1", "none"),
     "else"},
    {"", USER("hi") ",{\"role\":\"assistant\",\"content\":\"ok\"}," USER("more"), NULL},
};

static void the_content_of_a_request_chooses_its_reply_in_any_order(void)
{
    struct scenario *scenario = NULL;
    size_t count = sizeof choices / sizeof *choices;

    CU_ASSERT_EQUAL_FATAL(scenario_parse(&scenario, "choosing", choosing, strlen(choosing), NULL),
                          0);
    for (size_t i = 0; i < 3 * count;
         i++) { /* forwards, backwards, forwards: nothing is remembered */
        size_t k = i / count == 1 ? count - 1 - i % count : i % count;
        char *body = mem_printf("{\"model\":\"m\",\"messages\":[%s]%s}", choices[k].messages,
                                choices[k].members);
        struct asked asked = asked_of(body);
        const struct reply *reply = scenario_choose(scenario, &asked);

        CU_ASSERT_EQUAL(reply != NULL, choices[k].reply != NULL);
        if (reply && choices[k].reply)
            CU_ASSERT_STRING_EQUAL(reply->name, choices[k].reply);
        asked_clear(&asked);
        free(body);
    }
    scenario_free(scenario);
}

/* ---- Tokens ---- */

static void tokens_add_up_to_the_text_and_never_cut_a_character(void)
{
    static const char *const texts[] = {
        "",
        "a",
        "Hello, you there.",
        "  two  blanks ",
        "one\n\ntwo\n",
        "ümläütsümläütsümläütsümläüts",
        "Donaudampfschifffahrtsgesellschaft",
        "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"};
    static const size_t counts[] = {0, 1, 3, 3, 3, 4, 3, 2};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i]), at = 0;

        while (at < len) {
            size_t token = say_token(texts[i] + at, len - at);

            CU_ASSERT_FATAL(token > 0);
            at += token;
            CU_ASSERT(at == len || ((unsigned char)texts[i][at] & 0xc0) != 0x80);
        }
        CU_ASSERT_EQUAL(at, len);
        CU_ASSERT_EQUAL(say_count_tokens(texts[i], len), counts[i]);
    }
}

/* ---- Faults ---- */

static void an_attempt_meets_the_fault_that_is_its_own(void)
{
    static const char yaml[] = REPLY("    faults:\n"
                                     "      - {status: 429, retry_after: 2}\n"
                                     "      - {status: 500, times: 2}\n"
                                     "      - {cut: call, end: rst}\n");
    static const int64_t statuses[] = {429, 500, 500, 0, -1, -1};
    struct scenario *scenario = NULL;

    CU_ASSERT_EQUAL_FATAL(scenario_parse(&scenario, "f", yaml, strlen(yaml), NULL), 0);
    const struct reply *reply = &scenario->replies[0];
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        const struct fault *fault = fault_of_attempt(reply->faults, reply->fault_count, i);

        CU_ASSERT_EQUAL(fault ? fault->status : -1, statuses[i]);
    }
    scenario_free(scenario);
}

/* ---- Pairs ---- */

static void calls_without_results_and_results_without_calls_are_refused(void)
{
    static const struct {
        const char *messages, *says;
    } cases[] = {
        {USER("a") ",{\"role\":\"assistant\",\"tool_calls\":[" CALL("1", "f", "") "]}",
         "call 1 (f) has no result"},
        {USER("a") ",{\"role\":\"assistant\",\"tool_calls\":[" CALL("1", "f", "") "]}," USER(
             "b") "," RESULT("1", "late"),
         "call 1 (f) has no result"},
        {USER("a") "," RESULT("1", "x"), "the result of message 1 answers no call (1)"},
        {USER("a") ",{\"role\":\"assistant\",\"tool_calls\":[" CALL("1", "f", "") "]}," RESULT(
             "1", "x") "," RESULT("1", "y"),
         "call 1 has two results"},
        {USER("a") ",{\"role\":\"assistant\",\"tool_calls\":[" CALL("1", "f", "") "]}," RESULT(
             "1", "x") "," USER("b") ",{\"role\":\"assistant\",\"tool_calls\":"
                                     "[" CALL("1", "f", "") "]}," RESULT("1", "y"),
         NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *body = mem_printf("{\"model\":\"m\",\"messages\":[%s]}", cases[i].messages);
        struct asked asked = {0};
        struct err err = {0};

        CU_ASSERT_EQUAL_FATAL(json_parse(&asked.body, body, strlen(body), NULL, &err), 0);
        int rc = dialect_chat.read(&asked, &err);
        CU_ASSERT_EQUAL(rc, cases[i].says ? E_PARSE : 0);
        if (cases[i].says)
            CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, cases[i].says));
        asked_clear(&asked);
        free(body);
    }
}

/* ---- Finding ---- */

static void every_scenario_of_ours_is_right(void)
{
    char box[64];
    const char *name;
    size_t count = 0;

    for (; (name = scenario_embedded(count, box, sizeof box)); count++) {
        struct scenario *scenario = NULL;
        struct err err = {0};
        int rc = scenario_find(&scenario, name, NULL, &err);

        if (rc < 0)
            printf("    %s\n", err.msg);
        CU_ASSERT_EQUAL_FATAL(rc, 0);
        CU_ASSERT_STRING_EQUAL(scenario->name, name);
        CU_ASSERT_PTR_NOT_NULL(scenario->description);
        scenario_free(scenario);
    }
    CU_ASSERT(count >= 11);
}

/* The example of the README is the first block that is marked as YAML. */
static void the_example_of_the_readme_is_right(void)
{
    char *readme = NULL;
    size_t len = 0;
    struct scenario *scenario = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(path_read(&readme, &len, "core/sim/README.md", 1 << 20, NULL), 0);
    const char *yaml = strstr(readme, "```yaml\n"), *end = yaml ? strstr(yaml + 8, "```") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    int rc = scenario_parse(&scenario, "README", yaml + 8, (size_t)(end - yaml - 8), &err);
    if (rc < 0)
        printf("    %s\n", err.msg);
    CU_ASSERT_EQUAL(rc, 0);
    scenario_free(scenario);
    free(readme);
}

static void a_scenario_is_found_by_path_by_name_or_in_the_shared_folder(void)
{
    struct scenario *scenario = NULL;
    struct err err = {0};
    char *dir = scratch_new();

    scratch_write(dir, "mine.yaml", "replies: [{text: a}]");
    CU_ASSERT_EQUAL(scenario_find(&scenario, "mine", dir, &err), 0);
    CU_ASSERT_STRING_EQUAL(scenario->name, "mine");
    scenario_free(scenario);
    CU_ASSERT_EQUAL(scenario_find(&scenario, scratch_path(dir, "mine.yaml"), NULL, &err), 0);
    scenario_free(scenario);
    CU_ASSERT_EQUAL(scenario_find(&scenario, "helo", dir, &err), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "no such scenario 'helo': did you mean 'hello'?");
    CU_ASSERT_EQUAL(scenario_find(&scenario, "qwertzu", NULL, &err), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "no such scenario 'qwertzu': give the path of a file");
    CU_ASSERT_EQUAL(scenario_find(&scenario, scratch_path(dir, "none.yaml"), NULL, &err),
                    E_NOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "none.yaml"));
    scratch_free(dir);
}

static const struct test tests[] = {
    {"a wrong scenario is named by file, line and nearest name",
     a_wrong_scenario_is_named_by_file_line_and_nearest_name},
    {"a fact is what the request contains", a_fact_is_what_the_request_contains},
    {"every fact is tried here and told of in the README", every_fact_is_tried_and_told_of},
    {"a template is filled from the request", a_template_is_filled_from_the_request},
    {"a condition holds, or says why not", a_condition_holds_or_says_why_not},
    {"the content of a request chooses its reply, in any order",
     the_content_of_a_request_chooses_its_reply_in_any_order},
    {"tokens add up to the text and never cut a character",
     tokens_add_up_to_the_text_and_never_cut_a_character},
    {"an attempt meets the fault that is its own", an_attempt_meets_the_fault_that_is_its_own},
    {"calls without results and results without calls are refused",
     calls_without_results_and_results_without_calls_are_refused},
    {"every scenario of ours is right", every_scenario_of_ours_is_right},
    {"the example of the README is right", the_example_of_the_readme_is_right},
    {"a scenario is found by path, by name, or in the shared folder",
     a_scenario_is_found_by_path_by_name_or_in_the_shared_folder},
    {NULL, NULL},
};

const struct suite suite_scenario = {"scenario", tests};
