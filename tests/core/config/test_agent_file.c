/* SPDX-License-Identifier: MIT */
#include "core/config/agent_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "tests/suite.h"

/* Judges command tools as core/tool does, in small: they have a name and an argv. */
static int check_command(const cJSON *entry, const cJSON **where, struct err *err)
{
    if (json_text(entry, "name") && json_array(entry, "argv"))
        return 0;
    *where = json_get(entry, "name");
    return err_set(err, E_PARSE, "expected name and argv");
}

static const char *const builtins[] = {"shell", "read_file", NULL};
static const struct agent_checks checks = {.command = check_command, .tools = builtins};

static int parse(struct agent_file **out, const char *text, struct err *err)
{
    return agent_file_parse(out, "a.md", text, strlen(text), &checks, err);
}

static const char *setting_in(const struct agent_file *agent, const char *name, int line)
{
    for (size_t i = 0; i < agent->settings.count; i++)
        if (strcmp(agent->settings.at[i].setting->name, name) == 0 &&
            agent->settings.at[i].line == line)
            return agent->settings.at[i].text;
    return NULL;
}

static const char whole[] = "---\n"
                            "name: shopping-assistant\n"
                            "description: Finds things to buy.\n"
                            "model: {name: m-1, temperature: 0.2}\n"
                            "base_url: http://127.0.0.1:8080/v1\n"
                            "profile: openai\n"
                            "tools:\n"
                            "  - read_file\n"
                            "  - name: stock\n"
                            "    argv: [./stock, --json]\n"
                            "    policy: pure\n"
                            "policy:\n"
                            "  - allow stock\n"
                            "  - ask shell\n"
                            "limits: {max_iterations: 20}\n"
                            "breaker:\n"
                            "  in_row: 2\n"
                            "---\n"
                            "\n"
                            "You find laptops.\n"
                            "\n"
                            "--- not a fence\n"
                            "\n";

static void check_whole(const struct agent_file *agent)
{
    CU_ASSERT_STRING_EQUAL(agent->name, "shopping-assistant");
    CU_ASSERT_STRING_EQUAL(agent->description, "Finds things to buy.");
    CU_ASSERT_STRING_EQUAL(agent->system, "You find laptops.\n\n--- not a fence");
    CU_ASSERT_STRING_EQUAL(
        agent->commands,
        "[{\"name\":\"stock\",\"argv\":[\"./stock\",\"--json\"],\"policy\":\"pure\"}]");
    CU_ASSERT(str_eq(setting_in(agent, "model.name", 4), "m-1"));
    CU_ASSERT(str_eq(setting_in(agent, "model.temperature", 4), "0.2"));
    CU_ASSERT(str_eq(setting_in(agent, "model.base_url", 5), "http://127.0.0.1:8080/v1"));
    CU_ASSERT(str_eq(setting_in(agent, "provider.profile", 6), "openai"));
    CU_ASSERT(str_eq(setting_in(agent, "tools", 7), "read_file"));
    CU_ASSERT(str_eq(setting_in(agent, "policy", 13), "allow stock"));
    CU_ASSERT(str_eq(setting_in(agent, "policy", 14), "ask shell"));
    CU_ASSERT(str_eq(setting_in(agent, "limits.max_iterations", 15), "20"));
    CU_ASSERT(str_eq(setting_in(agent, "breaker.in_row", 17), "2"));
    CU_ASSERT_EQUAL(agent->settings.count, 9);
}

static void test_whole(void)
{
    struct agent_file *agent = NULL;

    CU_ASSERT_EQUAL_FATAL(parse(&agent, whole, NULL), 0);
    CU_ASSERT_STRING_EQUAL(agent->source, "a.md");
    check_whole(agent);
    agent_file_free(agent);
    agent_file_free(NULL);
}

static void test_line_ends(void)
{
    char *text = mem_new(2 * sizeof whole + 3), *to = text;
    struct agent_file *agent = NULL;

    memcpy(to, "\xef\xbb\xbf", 3);
    to += 3;
    for (const char *from = whole; *from; from++) {
        if (*from == '\n')
            *to++ = '\r';
        *to++ = *from;
    }
    CU_ASSERT_EQUAL_FATAL(parse(&agent, text, NULL), 0);
    CU_ASSERT_STRING_EQUAL(agent->name, "shopping-assistant");
    CU_ASSERT_STRING_EQUAL(agent->system, "You find laptops.\r\n\r\n--- not a fence");
    CU_ASSERT(str_eq(setting_in(agent, "breaker.in_row", 17), "2"));
    agent_file_free(agent);
    free(text);
}

static void test_least(void)
{
    struct agent_file *agent = NULL;

    CU_ASSERT_EQUAL_FATAL(parse(&agent, "---\nname: a\n---", NULL), 0);
    CU_ASSERT_STRING_EQUAL(agent->system, "");
    CU_ASSERT_EQUAL(agent->settings.count, 0);
    CU_ASSERT_PTR_NULL(agent->commands);
    CU_ASSERT_PTR_NULL(agent->description);
    agent_file_free(agent);
}

static void test_model_by_name(void)
{
    struct agent_file *agent = NULL;

    CU_ASSERT_EQUAL_FATAL(parse(&agent, "---\nname: a\nmodel: m-2\n---\nx", NULL), 0);
    CU_ASSERT(str_eq(setting_in(agent, "model.name", 3), "m-2"));
    agent_file_free(agent);
}

static void test_no_builtin_tools(void)
{
    struct agent_file *agent = NULL;

    CU_ASSERT_EQUAL_FATAL(
        parse(&agent, "---\nname: a\ntools: [{name: t, argv: [./t]}]\n---\nx", NULL), 0);
    CU_ASSERT(str_eq(setting_in(agent, "tools", 3), ""));
    agent_file_free(agent);
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"", "a.md:1: an agent file begins with a line of three dashes: ---"},
    {"name: a\n", "a.md:1: an agent file begins with a line of three dashes: ---"},
    {"---\nname: a\n", "a.md:1: the line --- that ends the front matter is missing"},
    {"---\ndescription: x\n---\n", "a.md:1: the agent has no name: add `name: …`"},
    {"---\n---\n", "a.md:1: the agent has no name: add `name: …`"},
    {"---\n- a\n---\n", "a.md:2: expected `name: …` and so on"},
    {"---\nname: a b\n---\n", "a.md:2: name: expected letters, digits, - and _, at most 64"},
    {"---\nname: [a]\n---\n", "a.md:2: name: expected letters, digits, - and _, at most 64"},
    {"---\nname: a\ndescripton: x\n---\n",
     "a.md:3: no key 'descripton'; did you mean 'description'?"},
    {"---\nname: a\nlimit: {max_iterations: 3}\n---\n",
     "a.md:3: no setting 'limit'; did you mean 'limits'?"},
    {"---\nname: a\n\nlimits:\n  max_iterations: 0\n---\n",
     "a.md:5: limits.max_iterations: expected a whole number from 1 to 1000000, not '0'"},
    {"---\nname: a\ntools: shell\n---\n", "a.md:3: tools: expected a list"},
    {"---\nname: a\ntools:\n  - shell\n  - reed_file\n---\n",
     "a.md:5: tools: no built-in tool 'reed_file'; did you mean 'read_file'?"},
    {"---\nname: a\ntools:\n  - shell\n  - 7\n---\n",
     "a.md:5: tools: expected a tool's name or a command tool (name, argv, …)"},
    {"---\nname: a\ntools:\n  - shell\n  - name: t\n    arg: 1\n---\n",
     "a.md:5: tools: expected name and argv"},
    {"---\nname: a\npolicy: [alow x]\n---\n",
     "a.md:3: policy: a rule begins with allow, ask or deny, not 'alow'; did you mean 'allow'?"},
    {"---\nname: a\nallow_unsandboxed: true\n---\n",
     "a.md:3: allow_unsandboxed may only be set in your own config.yaml, environment or flags"},
    {"---\nname: a\nmodel: {key: 'env:AWS_SECRET'}\n---\n",
     "a.md:3: model.key may only be set in your own config.yaml, environment or flags"},
    {"---\nname: a\ntool: {env: [AWS_SECRET]}\n---\n",
     "a.md:3: tool.env may only be set in your own config.yaml, environment or flags"},
    {"---\nname: a\nhttp: {allow_plain: true}\n---\n",
     "a.md:3: http.allow_plain may only be set in your own config.yaml, environment or flags"},
    {"---\nname: a\n---\n\xff\n", "a.md: not UTF-8 text"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct agent_file *agent = NULL;
        struct err err = {0};

        CU_ASSERT(parse(&agent, mistakes[i].text, &err) < 0);
        CU_ASSERT_STRING_EQUAL(err.msg, mistakes[i].message);
        CU_ASSERT(parse(&agent, mistakes[i].text, NULL) < 0);
        CU_ASSERT_PTR_NULL(agent);
    }
}

static void test_too_large(void)
{
    char *text = mem_new(AGENT_FILE_MAX + 2);
    struct agent_file *agent = NULL;

    memset(text, 'a', AGENT_FILE_MAX + 1);
    CU_ASSERT_EQUAL(parse(&agent, text, NULL), E_TOOBIG);
    free(text);
}

static void write_agent(const char *dir, const char *file, const char *name)
{
    char *path = path_join(dir, file), *text = mem_printf("---\nname: %s\n---\nhere\n", name);

    CU_ASSERT_EQUAL(path_write(path, text, strlen(text), NULL), 0);
    free(path);
    free(text);
}

static void remove_in(const char *dir, const char *file)
{
    char *path = path_join(dir, file);

    unlink(path);
    free(path);
}

static void test_find(void)
{
    char dir[] = "/tmp/rerail-agents-XXXXXX";
    struct agent_file *agent = NULL;
    struct err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_agent(dir, "mine.md", "mine");
    CU_ASSERT_EQUAL_FATAL(agent_file_find(&agent, dir, "mine", &checks, NULL), 0);
    CU_ASSERT_STRING_EQUAL(agent->name, "mine");
    CU_ASSERT(str_ends(agent->source, "/mine.md"));
    agent_file_free(agent);
    char *path = path_join(dir, "mine.md");
    CU_ASSERT_EQUAL_FATAL(agent_file_find(&agent, NULL, path, &checks, NULL), 0);
    agent_file_free(agent);
    free(path);
    CU_ASSERT_EQUAL(agent_file_find(&agent, dir, "mien", &checks, &err), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "no agent 'mien'; did you mean 'mine'?");
    CU_ASSERT_EQUAL(agent_file_find(&agent, dir, "zzzzz", &checks, &err), E_NOTFOUND);
    CU_ASSERT_EQUAL(agent_file_find(&agent, dir, "../mine.md", &checks, &err), E_NOTFOUND);
    remove_in(dir, "mine.md");
    rmdir(dir);
}

static void test_builtin(void)
{
    char dir[] = "/tmp/rerail-agents-XXXXXX";
    struct agent_file *agent = NULL;

    CU_ASSERT_EQUAL_FATAL(agent_file_find(&agent, NULL, "default", NULL, NULL), 0);
    CU_ASSERT_STRING_EQUAL(agent->source, "default (built in)");
    CU_ASSERT_STRING_EQUAL(agent->name, "default");
    CU_ASSERT(strlen(agent->system) > 100);
    agent_file_free(agent);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_agent(dir, "default.md", "default");
    CU_ASSERT_EQUAL_FATAL(agent_file_find(&agent, dir, "default", NULL, NULL), 0);
    CU_ASSERT_STRING_EQUAL(agent->system, "here");
    agent_file_free(agent);
    remove_in(dir, "default.md");
    rmdir(dir);
}

static bool lists(const struct text_list *list, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < list->count; i++) {
        found |= strcmp(list->at[i], name) == 0;
        CU_ASSERT(i == 0 || strcmp(list->at[i - 1], list->at[i]) < 0);
    }
    return found;
}

static void test_list(void)
{
    char dir[] = "/tmp/rerail-agents-XXXXXX";
    struct text_list names = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_agent(dir, "default.md", "default");
    write_agent(dir, "zebra.md", "zebra");
    write_agent(dir, "apple.md", "apple");
    write_agent(dir, "notes.txt", "notes");
    CU_ASSERT_EQUAL(agent_file_list(&names, dir, NULL), 0);
    CU_ASSERT(lists(&names, "apple") && lists(&names, "default") && lists(&names, "zebra"));
    CU_ASSERT_FALSE(lists(&names, "notes"));
    text_list_free(&names);
    remove_in(dir, "default.md");
    remove_in(dir, "zebra.md");
    remove_in(dir, "apple.md");
    remove_in(dir, "notes.txt");
    rmdir(dir);
    CU_ASSERT_EQUAL(agent_file_list(&names, dir, NULL), 0); /* no such folder any more */
    CU_ASSERT(lists(&names, "default"));
    text_list_free(&names);
}

static const struct test tests[] = {
    {"front matter becomes settings, tools and rules, the body the system prompt", test_whole},
    {"line ends of other systems and a byte order mark are read", test_line_ends},
    {"a name is enough", test_least},
    {"a model is a name or a section", test_model_by_name},
    {"an agent with command tools alone has no built-in ones", test_no_builtin_tools},
    {"a mistake names file, line, what was expected and the nearest", test_mistakes},
    {"an agent file above 1 MiB is refused", test_too_large},
    {"agents are found by name in the folder, or by path", test_find},
    {"the built-in default is there, and one in the folder goes before it", test_builtin},
    {"agents are listed once, in order", test_list},
    {NULL, NULL},
};

const struct suite suite_agent_file = {"agent_file", tests};
