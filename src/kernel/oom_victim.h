/*
 * The line of a kill, the only one that the kernel never leaves out (mm/oom_kill.c, __oom_kill_process()):
 *
 *     Memory cgroup out of memory: Killed process 4242 (python3) total-vm:123456kB, anon-rss:65536kB,
 *     file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:176kB oom_score_adj:0
 *
 * Kernels up to 5.0 say "Killed process" alone, those before 5.4 end with shmem-rss, 3.10 has "UID 1000,"
 * before or behind the name.
 */
#pragma once

#include "kernel/oom_kill.h"
#include "kernel/span.h"

/* The words in front of a victim, which differ with what was full. */
enum oom_words {
    OOM_WORDS_PLAIN, /* up to 5.0, of all */
    OOM_WORDS_MEMCG,
    OOM_WORDS_MACHINE, /* also for a cpuset or a memory policy */
    OOM_WORDS_ALLOCATING,
    OOM_WORDS_COUNT,
};

/* Takes the words off LINE. Returns OOM_WORDS_COUNT where it is not the line of a kill. */
enum oom_words oom_victim_take_words(struct span *line);

/* Whether a constraint is one that the kernel says such words for. */
bool oom_victim_words_fit(enum oom_words words, enum oom_constraint constraint);

/* Reads what follows the words into *KILL. False where that is no victim; what has been set by then stays. */
bool oom_victim_read(struct span line, struct oom_kill *kill);
