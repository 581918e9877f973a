/* SPDX-License-Identifier: MIT */
/*
 * System calls for rerail-exec, which runs before every tool call and so has to cost next to
 * nothing. Spawn to end of `true` takes 0.86 ms bare, 1.76 ms through a rerail-exec with a shared
 * glibc, 1.55 with a static one (its start probes the CPU, which traps in a virtual machine) and
 * 1.10 with none at all. Where there is no entry code for the machine the build leaves EXEC_BARE
 * undefined and libc does the same. Included by exec_main.c alone.
 */
#ifndef CORE_TOOL_EXEC_SYS_H
#define CORE_TOOL_EXEC_SYS_H

#include <sys/syscall.h>

static int exec_main(char **argv, char **env);

#ifdef EXEC_BARE

#if defined __x86_64__
__asm__(".globl _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call exec_start\n"
        "    hlt\n");

/* Result of the kernel: a value, or a negative errno. */
static long sys(long number, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = 0;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined __aarch64__
__asm__(".globl _start\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x30, #0\n"
        "    mov x0, sp\n"
        "    bl exec_start\n"
        "    brk #0\n");

static long sys(long number, long a, long b, long c, long d, long e)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = 0;

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "no entry code for this machine: build rerail-exec without EXEC_BARE"
#endif

/* The kernel's first stack: argc, argv, NULL, environment, NULL. */
_Noreturn void exec_start(long *stack);
_Noreturn void exec_start(long *stack)
{
    char **argv = (char **)(stack + 1);
    int code = exec_main(argv, argv + stack[0] + 1);

    for (;;)
        sys(SYS_exit_group, code, 0, 0, 0, 0);
}

#else

#include <errno.h>
#include <unistd.h>

static long sys(long number, long a, long b, long c, long d, long e)
{
    long result = syscall(number, a, b, c, d, e, 0L);

    return result < 0 ? -(long)errno : result;
}

int main(int argc, char **argv, char **env)
{
    (void)argc;
    return exec_main(argv, env);
}

#endif
#endif
