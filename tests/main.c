/* SPDX-License-Identifier: MIT */
/*
 * Runs the suites. Without a name: the quick ones; --all: those that take minutes as well
 * (tests/simulation, tests/program), with the fault catalogue's cases. The last line is "N passed,
 * N failed, N skipped".
 *
 * Each suite runs in a child, --jobs of them at a time, so that a crash or a hang costs one suite
 * and its test is named; --here keeps everything in this process, for a debugger.
 */
#include "tests/suite.h"

#include <CUnit/TestRun.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/tally.h"

#define SUITE(name, slow) extern const struct suite suite_##name;
#include "suites.h"
#undef SUITE

static const struct suite *const suites[] = {
#define SUITE(name, slow) &suite_##name,
#include "suites.h"
#undef SUITE
};

static const bool is_slow[] = {
#define SUITE(name, slow) slow,
#include "suites.h"
#undef SUITE
};

#define SUITE_COUNT (sizeof suites / sizeof suites[0])
#define SUITE_LIMIT 1200 /* seconds a suite may take, whatever it waits for; TEST_LIMIT */

struct options {
    bool list, all, verbose, here;
    unsigned jobs, repeat;
    const char *suite; /* NULL: every one */
    const char *part;  /* of a test's name; NULL: every test */
};

/* One suite's process. */
struct child {
    pid_t pid; /* 0: the seat is free */
    size_t suite;
    FILE *output; /* NULL when it writes straight through */
    time_t since;
};

static bool test_skips; /* of this process: one thread runs the tests */

void suite_skip(const char *what, const char *why)
{
    test_skips = true;
    printf("skipped: %s (%s)\n", what, why);
}

unsigned suite_amount(const char *name, unsigned normal)
{
    char variable[64];
    const char *value;
    char *end;
    unsigned long amount;

    (void)snprintf(variable, sizeof variable, "TEST_%s", name); /* names are short constants */
    value = getenv(variable);
    if (!value || !*value)
        return normal;
    errno = 0;
    amount = strtoul(value, &end, 10);
    if (errno || *end || amount > UINT_MAX) {
        (void)fprintf(stderr, "tests: %s=%s is not a number\n", variable, value);
        exit(2);
    }
    return (unsigned)amount;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED true
#elif defined(__has_feature)
#define WATCHED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define WATCHED false
#endif

bool suite_is_watched(void)
{
    return WATCHED;
}

#if defined(__SANITIZE_THREAD__)
#define DEFERS true
#elif defined(__has_feature)
#define DEFERS __has_feature(thread_sanitizer)
#else
#define DEFERS false
#endif

bool suite_defers_signals(void)
{
    return DEFERS;
}

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_failures(const struct suite *suite, const struct test *test)
{
    printf("FAILED %s: %s\n", suite->name, test->name);
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
        printf("    %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
}

static enum outcome run_test(const struct suite *suite, const struct test *test)
{
    enum outcome outcome = OUTCOME_PASSED;
    CU_pSuite box;

    test_skips = false;
    CU_initialize_registry();
    CU_set_error_action(CUEA_IGNORE);
    box = CU_add_suite(suite->name, NULL, NULL);
    CU_run_test(box, CU_add_test(box, test->name, test->run));
    if (CU_get_number_of_failures()) {
        outcome = OUTCOME_FAILED;
        print_failures(suite, test);
    } else if (test_skips) {
        outcome = OUTCOME_SKIPPED;
    }
    CU_cleanup_registry();
    return outcome;
}

static bool wants_test(const struct options *options, const struct test *test)
{
    return !options->part || strstr(test->name, options->part);
}

static void run_suite(const struct options *options, struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        const struct test *test = &tally->suite->tests[i];
        double start = seconds();

        if (!wants_test(options, test))
            continue;
        tally->outcomes[i] = OUTCOME_RUNNING;
        tally->outcomes[i] = run_test(tally->suite, test);
        if (options->verbose)
            printf("%8.1f ms  %s: %s\n", (seconds() - start) * 1e3, tally->suite->name, test->name);
        (void)fflush(stdout); /* a full disk shows in what is missing */
    }
}

static void copy_output(FILE *from)
{
    char block[4096];
    size_t n;

    rewind(from);
    while ((n = fread(block, 1, sizeof block, from)) > 0)
        (void)fwrite(block, 1, n, stdout); /* as above */
    (void)fclose(from);                    /* read to its end */
}

static void start_child(struct child *child, const struct options *options, struct tally *tally)
{
    child->output = options->jobs > 1 ? tmpfile() : NULL;
    child->since = time(NULL);
    (void)fflush(stdout); /* else the child prints it again */
    child->pid = fork();
    if (child->pid < 0) {
        perror("tests: fork");
        exit(1);
    }
    if (child->pid == 0) {
        if (child->output && (dup2(fileno(child->output), STDOUT_FILENO) < 0 ||
                              dup2(fileno(child->output), STDERR_FILENO) < 0))
            _exit(1);
        (void)signal(SIGALRM, SIG_DFL); /* the parent's affair */
        run_suite(options, tally);
        exit(0); /* runs the leak checker and writes the coverage */
    }
}

/* An end that no test explains is a failure of its own: true when there is one. */
static bool ended_badly(const struct tally *tally, int status)
{
    const char *test = tally_running(tally);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !test)
        return false;
    printf("FAILED %s: %s\n    the process ", tally->suite->name,
           test ? test : "after its last test");
    if (WIFSIGNALED(status))
        printf("died of signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        printf("ended with exit code %d\n", WEXITSTATUS(status));
    return !test; /* a running test counts as failed already */
}

static void on_alarm(int number)
{
    (void)number; /* only here to interrupt waitpid */
}

static void kill_overdue(struct child *children, unsigned jobs)
{
    time_t limit = suite_amount("LIMIT", SUITE_LIMIT);

    for (unsigned i = 0; i < jobs; i++)
        if (children[i].pid && time(NULL) - children[i].since > limit) {
            printf("FAILED %s: over %ld s\n", suites[children[i].suite]->name, (long)limit);
            (void)kill(children[i].pid, SIGABRT); /* it is ours and not waited for yet */
        }
    (void)alarm(10);
}

/* Waits for one child and clears its seat; the failures that no test stands for. */
static unsigned wait_child(struct child *children, unsigned jobs, const struct tally *tallies)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, 0)) < 0 && errno == EINTR)
        kill_overdue(children, jobs);
    for (unsigned i = 0; i < jobs; i++) {
        struct child *child = &children[i];

        if (!child->pid || child->pid != pid)
            continue;
        if (child->output)
            copy_output(child->output);
        child->pid = 0;
        return ended_badly(&tallies[child->suite], status);
    }
    return 0;
}

static struct child *free_seat(struct child *children, unsigned jobs)
{
    for (unsigned i = 0; i < jobs; i++)
        if (!children[i].pid)
            return &children[i];
    return NULL;
}

static bool is_busy(const struct child *children, unsigned jobs)
{
    for (unsigned i = 0; i < jobs; i++)
        if (children[i].pid)
            return true;
    return false;
}

static bool wants_suite(const struct options *options, size_t i)
{
    if (options->suite)
        return strcmp(suites[i]->name, options->suite) == 0;
    return options->all || !is_slow[i];
}

/* Slow suites first, so that the last one to end is a short one. */
static unsigned run_children(const struct options *options, struct tally *tallies)
{
    struct child *children = calloc(options->jobs, sizeof *children);
    unsigned strays = 0;

    if (!children)
        abort();
    (void)alarm(10);
    for (int slow = 1; slow >= 0; slow--)
        for (size_t i = 0; i < SUITE_COUNT; i++) {
            struct child *child;

            if (is_slow[i] != slow || !wants_suite(options, i))
                continue;
            while (!(child = free_seat(children, options->jobs)))
                strays += wait_child(children, options->jobs, tallies);
            child->suite = i;
            start_child(child, options, &tallies[i]);
        }
    while (is_busy(children, options->jobs))
        strays += wait_child(children, options->jobs, tallies);
    free(children);
    return strays;
}

static void run_all(const struct options *options, struct counts *counts)
{
    struct tally *tallies = tally_new(suites, SUITE_COUNT);

    for (size_t i = 0; i < SUITE_COUNT; i++)
        tallies[i].wanted = wants_suite(options, i);
    if (options->here)
        for (size_t i = 0; i < SUITE_COUNT; i++)
            if (wants_suite(options, i))
                run_suite(options, &tallies[i]);
    if (!options->here)
        counts->failed += run_children(options, tallies);
    for (size_t i = 0; i < SUITE_COUNT; i++)
        tally_count(&tallies[i], counts);
    if (options->all && !options->part)
        tally_print_faults(tallies, SUITE_COUNT);
    tally_free(tallies, SUITE_COUNT);
}

static void list_tests(void)
{
    for (size_t i = 0; i < SUITE_COUNT; i++)
        for (const struct test *test = suites[i]->tests; test->name; test++)
            printf("%s: %s\n", suites[i]->name, test->name);
}

static void usage(void)
{
    (void)fputs(
        "usage: run [-v] [--all] [--jobs N] [--repeat N] [--here] [SUITE [PART OF A TEST]]\n"
        "       run --list\n",
        stderr);
    exit(2);
}

static unsigned number_of(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*end || n == 0 || n > 1000)
        usage();
    return (unsigned)n;
}

static struct options options_of(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"list", no_argument, NULL, 'l'},
        {"all", no_argument, NULL, 'a'},
        {"verbose", no_argument, NULL, 'v'},
        {"here", no_argument, NULL, 'h'},
        {"jobs", required_argument, NULL, 'j'},
        {"repeat", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.jobs = 1, .repeat = 1};
    int letter;

    while ((letter = getopt_long(argc, argv, "lvj:", long_options, NULL)) >= 0)
        switch (letter) {
        case 'l': options.list = true; break;
        case 'a': options.all = true; break;
        case 'v': options.verbose = true; break;
        case 'h': options.here = true; break;
        case 'j': options.jobs = number_of(optarg); break;
        case 'r': options.repeat = number_of(optarg); break;
        default: usage();
        }
    if (argc - optind > 2)
        usage();
    options.suite = argc > optind ? argv[optind] : NULL;
    options.part = argc > optind + 1 ? argv[optind + 1] : NULL;
    return options;
}

int main(int argc, char **argv)
{
    struct sigaction alarmed = {.sa_handler = on_alarm};
    struct options options = options_of(argc, argv);
    struct counts counts = {0};

    if (options.list) {
        list_tests();
        return 0;
    }
    if (!setlocale(LC_CTYPE, "C.UTF-8")) /* as main does; wcwidth asks for it */
        return 1;
    if (sigaction(SIGALRM, &alarmed, NULL) < 0)
        return 1;
    for (unsigned i = 0; i < options.repeat; i++)
        run_all(&options, &counts);
    printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
    return counts.failed || counts.passed + counts.skipped == 0;
}
