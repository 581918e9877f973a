/* SPDX-License-Identifier: MIT */
#include "core/config/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/suite.h"

static struct secret *secret_of(const char *text)
{
    struct secret *secret = NULL;

    CU_ASSERT_EQUAL_FATAL(secret_new(&secret, text, strlen(text), NULL), 0);
    return secret;
}

static void test_holds(void)
{
    struct secret *secret = secret_of(" sk-abcdefghijklmnop-wxyz\n");

    CU_ASSERT_STRING_EQUAL(secret_reveal(secret), "sk-abcdefghijklmnop-wxyz");
    CU_ASSERT_EQUAL(secret_length(secret), 24);
    CU_ASSERT_STRING_EQUAL(secret_text(secret), "***");
    secret_free(secret);
    secret_free(NULL);
}

static const struct {
    const char *key, *hint; /* NULL = there is none */
} hints[] = {
    {NULL, "not set"},
    {"short", "set"},
    {"fifteen-letters", "set"},
    {"sk-abcdefghijklmnop-wxyz", "set (sk-…wxyz)"},
    {"0123456789abcdef0123", "set (…0123)"},
};

static void test_hints(void)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        struct secret *secret = hints[i].key ? secret_of(hints[i].key) : NULL;
        char hint[SECRET_HINT];

        secret_hint(hint, secret);
        CU_ASSERT_STRING_EQUAL(hint, hints[i].hint);
        secret_free(secret);
    }
}

static void test_refuses(void)
{
    struct secret *secret = NULL;
    char *large = mem_new(SECRET_MAX + 2);

    memset(large, 'k', SECRET_MAX + 1);
    CU_ASSERT_EQUAL(secret_new(&secret, "", 0, NULL), E_PARSE);
    CU_ASSERT_EQUAL(secret_new(&secret, " \n ", 3, NULL), E_PARSE);
    CU_ASSERT_EQUAL(secret_new(&secret, "two\nlines", 9, NULL), E_PARSE);
    CU_ASSERT_EQUAL(secret_new(&secret, "a\0b", 3, NULL), E_PARSE);
    CU_ASSERT_EQUAL(secret_new(&secret, large, SECRET_MAX + 1, NULL), E_TOOBIG);
    CU_ASSERT_PTR_NULL(secret);
    free(large);
}

static const struct {
    const char *text;
    enum key_place place;
    const char *name; /* or the program */
} places[] = {
    {"none", KEY_NONE, NULL},
    {"env:OPENAI_API_KEY", KEY_ENV, "OPENAI_API_KEY"},
    {"file:/run/secrets/key", KEY_FILE, "/run/secrets/key"},
    {"command: pass  show openai", KEY_COMMAND, "pass"},
};

static void test_places(void)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct key_source source;

        CU_ASSERT_EQUAL_FATAL(key_source_parse(&source, places[i].text, NULL), 0);
        CU_ASSERT_EQUAL(source.place, places[i].place);
        if (source.place == KEY_COMMAND) {
            CU_ASSERT_STRING_EQUAL(source.argv[0], "pass");
            CU_ASSERT_STRING_EQUAL(source.argv[2], "openai");
            CU_ASSERT_PTR_NULL(source.argv[3]);
        } else if (source.place != KEY_NONE) {
            CU_ASSERT_STRING_EQUAL(source.name, places[i].name);
        }
        key_source_clear(&source);
    }
}

static void test_bad_places(void)
{
    static const char *const bad[] = {"",      "sk-123456", "env:",       "env:A B",
                                      "file:", "command: ", "http://key", "env:A=B"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct key_source source;
        struct err err = {0};

        CU_ASSERT_EQUAL(key_source_parse(&source, bad[i], &err), E_PARSE);
        CU_ASSERT_PTR_NULL(strstr(err.msg, "sk-123456"));
        key_source_clear(&source);
    }
}

/* What comes of a place in this environment: the code, and the key by *out. */
static int read_place(struct secret **out, const char *place, char *const *environment,
                      struct err *err)
{
    struct key_source source;

    CU_ASSERT_EQUAL_FATAL(key_source_parse(&source, place, NULL), 0);
    int rc = key_source_read(out, &source, environment, err);
    key_source_clear(&source);
    return rc;
}

static void test_environment(void)
{
    char longer[] = "MY_KEY_2=wrong", set[] = "MY_KEY=right-key", empty[] = "EMPTY=";
    char *const environment[] = {longer, empty, set, NULL};
    struct secret *secret = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL(read_place(&secret, "env:MY_KEY", environment, NULL), 0);
    CU_ASSERT_STRING_EQUAL(secret_reveal(secret), "right-key");
    secret_free(secret);
    CU_ASSERT_EQUAL(read_place(&secret, "env:MY", environment, &err), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "set MY to the key, or model.key to where it is");
    CU_ASSERT_EQUAL(read_place(&secret, "env:EMPTY", environment, NULL), E_NOTFOUND);
    CU_ASSERT_EQUAL(read_place(&secret, "none", environment, NULL), 0);
    CU_ASSERT_PTR_NULL(secret);
    CU_ASSERT_EQUAL(read_place(&secret, "command:pass", environment, NULL), E_USAGE);
}

/* A folder of this test with the file `key` of this mode in it; its path: yours. */
static char *key_file(char *dir, const char *text, mode_t mode)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    char *path = mem_printf("%s/key", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static int read_file_of(struct secret **out, const char *text, mode_t mode)
{
    char dir[] = "/tmp/rerail-secret-XXXXXX";
    char *const none[] = {NULL};
    char *path = key_file(dir, text, mode), *place = mem_printf("file:%s", path);
    int rc = read_place(out, place, none, NULL);

    unlink(path);
    rmdir(dir);
    free(place);
    free(path);
    return rc;
}

static void test_file(void)
{
    struct secret *secret = NULL;

    CU_ASSERT_EQUAL_FATAL(read_file_of(&secret, "file-key-1\n", 0600), 0);
    CU_ASSERT_STRING_EQUAL(secret_reveal(secret), "file-key-1");
    secret_free(secret);
    CU_ASSERT_EQUAL_FATAL(read_file_of(&secret, "file-key-2", 0400), 0);
    secret_free(secret);
    CU_ASSERT_EQUAL(read_file_of(&secret, "file-key", 0640), E_DENIED);
    CU_ASSERT_EQUAL(read_file_of(&secret, "file-key", 0604), E_DENIED);
    CU_ASSERT_EQUAL(read_file_of(&secret, "", 0600), E_PARSE);
}

static void test_home(void)
{
    char dir[] = "/tmp/rerail-secret-XXXXXX";
    char *path = key_file(dir, "home-key", 0600), *home = mem_printf("HOME=%s", dir);
    char *const environment[] = {home, NULL};
    struct secret *secret = NULL;

    CU_ASSERT_EQUAL_FATAL(read_place(&secret, "file:~/key", environment, NULL), 0);
    CU_ASSERT_STRING_EQUAL(secret_reveal(secret), "home-key");
    secret_free(secret);
    unlink(path);
    rmdir(dir);
    free(path);
    free(home);
}

static void test_file_too_large(void)
{
    char *text = mem_new(SECRET_MAX + 100);
    struct secret *secret = NULL;

    memset(text, 'k', SECRET_MAX + 50);
    CU_ASSERT_EQUAL(read_file_of(&secret, text, 0600), E_TOOBIG);
    free(text);
}

static void test_not_a_file(void)
{
    char dir[] = "/tmp/rerail-secret-XXXXXX";
    char *const none[] = {NULL};
    char *path = key_file(dir, "linked-key", 0600);
    char *link = mem_printf("file:%s/link", dir), *gone = mem_printf("file:%s/gone", dir);
    char *fifo = mem_printf("file:%s/fifo", dir), *self = mem_printf("file:%s", dir);
    struct secret *secret = NULL;

    CU_ASSERT_EQUAL(symlink(path, link + 5), 0);
    CU_ASSERT_EQUAL(mkfifo(fifo + 5, 0600), 0);
    CU_ASSERT_EQUAL(read_place(&secret, link, none, NULL), E_DENIED);
    CU_ASSERT_EQUAL(read_place(&secret, fifo, none, NULL), E_DENIED);
    CU_ASSERT_EQUAL(read_place(&secret, self, none, NULL), E_DENIED);
    CU_ASSERT_EQUAL(read_place(&secret, gone, none, NULL), E_NOTFOUND);
    unlink(link + 5);
    unlink(fifo + 5);
    unlink(path);
    rmdir(dir);
    free(path);
    free(link);
    free(gone);
    free(fifo);
    free(self);
}

static const struct test tests[] = {
    {"a key is held without its white space and prints as ***", test_holds},
    {"a hint shows four letters of a long key at most", test_hints},
    {"what cannot be a key is refused", test_refuses},
    {"a place is a variable, a file, a program or none", test_places},
    {"anything else is refused and not repeated", test_bad_places},
    {"a key comes from the environment, or it says which variable to set", test_environment},
    {"a key comes from a file that nobody else can read", test_file},
    {"~/ in a place is the home folder", test_home},
    {"a key file that is too large is refused", test_file_too_large},
    {"links, pipes and folders hold no key", test_not_a_file},
    {NULL, NULL},
};

const struct suite suite_secret = {"secret", tests};
