/* SPDX-License-Identifier: MIT */
/*
 * floor URL FILE REQUEST: the least that an agent loop in C costs. libcurl's easy interface, cJSON,
 * SQLite (WAL, synchronous FULL) and posix_spawn; no screen, no rules, no guards. It begins with
 * the request in the file REQUEST, does what the model asks for (shell, read_file) until it asks
 * for nothing more, and stores three commits a turn in FILE, as rerail does. It checks what would
 * make it measure something else, and gives up.
 */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#define MOST ((size_t)64 << 20)

struct loop {
    CURL *curl;
    const char *url;
    sqlite3 *db;
    sqlite3_stmt *insert;
    cJSON *request, *messages;
    struct buf bytes; /* of the answer, not yet split into events */
    struct buf text, arguments;
    char *id, *name; /* of the call asked for; NULL = none */
};

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}

/* --- history ---------------------------------------------------------------------------------- */

static void script(struct loop *loop, const char *sql)
{
    if (sqlite3_exec(loop->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(loop->db));
}

static void open_history(struct loop *loop, const char *path)
{
    if (sqlite3_open(path, &loop->db) != SQLITE_OK)
        die(path, sqlite3_errmsg(loop->db));
    script(loop, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                 "CREATE TABLE step(id INTEGER PRIMARY KEY, kind TEXT, body TEXT)");
    if (sqlite3_prepare_v2(loop->db, "INSERT INTO step(kind, body) VALUES(?, ?)", -1, &loop->insert,
                           NULL) != SQLITE_OK)
        die("prepare", sqlite3_errmsg(loop->db));
}

static void store(struct loop *loop, const char *kind, const char *body)
{
    sqlite3_bind_text(loop->insert, 1, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(loop->insert, 2, body, -1, SQLITE_STATIC);
    if (sqlite3_step(loop->insert) != SQLITE_DONE)
        die("insert", sqlite3_errmsg(loop->db));
    sqlite3_reset(loop->insert);
}

static void append(struct loop *loop, const char *kind, cJSON *message)
{
    char *text = cJSON_PrintUnformatted(message);

    store(loop, kind, text);
    cJSON_AddItemToArray(loop->messages, message);
    free(text);
}

/* --- the model -------------------------------------------------------------------------------- */

static void take_delta(struct loop *loop, const cJSON *delta)
{
    const char *content = json_text(delta, "content");
    const cJSON *call = json_array(delta, "tool_calls");

    if (content)
        (void)buf_text(&loop->text, content);
    if (!call || !call->child)
        return;
    call = call->child;
    const cJSON *function = json_object(call, "function");
    if (json_text(call, "id"))
        loop->id = mem_text(json_text(call, "id"));
    if (json_text(function, "name"))
        loop->name = mem_text(json_text(function, "name"));
    if (json_text(function, "arguments"))
        (void)buf_text(&loop->arguments, json_text(function, "arguments"));
}

static void take_event(struct loop *loop, const char *data, size_t len)
{
    cJSON *event = NULL;

    if (len == 6 && memcmp(data, "[DONE]", 6) == 0)
        return;
    if (json_parse(&event, data, len, NULL, NULL) < 0)
        die("event", data);
    const cJSON *choices = json_array(event, "choices");
    if (choices && choices->child)
        take_delta(loop, json_object(choices->child, "delta"));
    cJSON_Delete(event);
}

static size_t receive(char *data, size_t size, size_t count, void *ctx)
{
    struct loop *loop = ctx;
    size_t from = 0;
    const char *end;

    (void)buf_add(&loop->bytes, data, size * count);
    while ((end = memmem(loop->bytes.data + from, loop->bytes.len - from, "\n\n", 2))) {
        const char *start = loop->bytes.data + from;

        if (strncmp(start, "data: ", 6) == 0)
            take_event(loop, start + 6, (size_t)(end - start) - 6);
        from = (size_t)(end - loop->bytes.data) + 2;
    }
    buf_drop(&loop->bytes, from);
    return size * count;
}

static void ask(struct loop *loop)
{
    char *body = cJSON_PrintUnformatted(loop->request);

    free(loop->id);
    free(loop->name);
    loop->id = loop->name = NULL;
    buf_clear(&loop->text);
    buf_clear(&loop->arguments);
    curl_easy_setopt(loop->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(loop->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    CURLcode code = curl_easy_perform(loop->curl);
    if (code != CURLE_OK)
        die(loop->url, curl_easy_strerror(code));
    free(body);
}

static void open_model(struct loop *loop, const char *url)
{
    char *address = mem_printf("%s/chat/completions", url);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");

    loop->url = url;
    loop->curl = curl_easy_init();
    curl_easy_setopt(loop->curl, CURLOPT_URL, address);
    curl_easy_setopt(loop->curl, CURLOPT_HTTPHEADER, curl_slist_append(headers, "Expect:"));
    curl_easy_setopt(loop->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(loop->curl, CURLOPT_WRITEDATA, loop);
    free(address);
}

/* --- tools ------------------------------------------------------------------------------------ */

static void drain(struct buf *out, int fd)
{
    char bytes[4096];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof bytes)) > 0)
        (void)buf_add(out, bytes, (size_t)got);
    close(fd);
}

static void shell(struct buf *out, const char *command)
{
    char *const argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, mem_text(command), NULL};
    posix_spawn_file_actions_t actions;
    int pipes[2], status;
    pid_t pid;

    if (pipe2(pipes, O_CLOEXEC) < 0)
        die("pipe", command);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        die("posix_spawn", command);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    drain(out, pipes[0]);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("the command failed", command);
    free(argv[2]);
}

static void read_file(struct buf *out, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        die("open", path);
    drain(out, fd);
}

static void run_tool(struct loop *loop, struct buf *out)
{
    cJSON *arguments = NULL;

    if (json_parse(&arguments, loop->arguments.data, loop->arguments.len, NULL, NULL) < 0)
        die("arguments", loop->arguments.data);
    if (strcmp(loop->name, "shell") == 0)
        shell(out, json_text(arguments, "command"));
    else
        read_file(out, json_text(arguments, "path"));
    cJSON_Delete(arguments);
}

/* --- the loop --------------------------------------------------------------------------------- */

static cJSON *assistant(const struct loop *loop)
{
    cJSON *message = cJSON_CreateObject();

    json_set_text(message, "role", "assistant");
    if (loop->text.len > 0)
        json_set_text(message, "content", loop->text.data);
    if (!loop->name)
        return message;
    cJSON *call = cJSON_CreateObject();
    cJSON *function = cJSON_AddObjectToObject(call, "function");
    json_set_text(call, "id", loop->id);
    json_set_text(call, "type", "function");
    json_set_text(function, "name", loop->name);
    json_set_text(function, "arguments", loop->arguments.data);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(message, "tool_calls"), call);
    return message;
}

static void turn(struct loop *loop)
{
    cJSON *result = cJSON_CreateObject();
    struct buf out;

    buf_init(&out, MOST);
    store(loop, "started", loop->id);
    run_tool(loop, &out);
    json_set_text(result, "role", "tool");
    json_set_text(result, "tool_call_id", loop->id);
    json_set_text(result, "content", out.data);
    append(loop, "result", result);
    buf_free(&out);
}

static void read_request(struct loop *loop, const char *path)
{
    struct buf text;
    cJSON *messages;

    buf_init(&text, MOST);
    read_file(&text, path);
    if (json_parse(&loop->request, text.data, text.len, NULL, NULL) < 0)
        die("request", path);
    messages = cJSON_DetachItemFromObjectCaseSensitive(loop->request, "messages");
    cJSON_AddItemToObject(loop->request, "messages", messages);
    loop->messages = messages;
    buf_free(&text);
}

int main(int argc, char **argv)
{
    struct loop loop = {0};

    if (argc != 4)
        die("usage", "floor URL FILE REQUEST");
    buf_init(&loop.bytes, MOST);
    buf_init(&loop.text, MOST);
    buf_init(&loop.arguments, MOST);
    read_request(&loop, argv[3]);
    open_history(&loop, argv[2]);
    open_model(&loop, argv[1]);
    do {
        ask(&loop);
        append(&loop, "assistant", assistant(&loop));
        if (loop.name)
            turn(&loop);
    } while (loop.name);
    sqlite3_finalize(loop.insert);
    sqlite3_close(loop.db);
    curl_easy_cleanup(loop.curl);
    return 0;
}
