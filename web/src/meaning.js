// What alerts, diagnoses and kills mean, in the words of docs/diagnosis.md.

import { bytes, clock, duration, isNumber, percent, rate } from './format.js';

// An alert that goes on is told again every 10 s.
const SILENCE = 25;

export const ALERTS = {
    major_faults: { title: 'High I/O latency', figure: rate, what: 'major faults' },
    context_switches: { title: 'Context switch storm', figure: rate, what: 'context switches' },
    memory_pressure: { title: 'Memory pressure', figure: percent, what: 'of the time all tasks stood still' },
    memory_running_out: { title: 'Memory running out', figure: duration, what: 'left' },
};

export const DIAGNOSES = {
    swap_thrash: {
        name: 'Swap thrashing',
        means: 'memory in use was swapped out and is needed again',
        help: 'run less at once, add memory',
    },
    file_thrash: {
        name: 'File thrashing',
        means: 'the working set does not fit in RAM',
        help: 'less data at once, a higher limit of the cgroup, more memory',
    },
    cold_read: {
        name: 'Cold read',
        means: 'files are read for the first time, or after a long while',
        help: 'it passes; read ahead, a faster disk',
    },
    direct_reclaim: {
        name: 'Direct reclaim',
        means: 'memory is asked for faster than kswapd frees it',
        help: 'spread allocations out; vm.watermark_scale_factor',
    },
};

const CONSTRAINTS = {
    memcg: {
        name: 'Memory cgroup full',
        means: 'a memory cgroup was full, whatever the machine had left',
        help: 'a higher limit (memory.max), or less at once in that group',
    },
    none: {
        name: 'Machine out of memory',
        means: 'the whole machine was out of memory',
        help: 'run less at once, add memory; if one process grew without end, look for its leak first',
    },
    cpuset: {
        name: 'Memory nodes full',
        means: 'the memory nodes of its cpuset were full; others may not have been',
        help: 'more nodes in cpuset.mems, or less at once on them',
    },
    memory_policy: {
        name: 'Memory nodes full',
        means: 'the memory nodes of its policy were full; others may not have been',
        help: 'a wider memory policy, or less at once on those nodes',
    },
};

export const MARKS = {
    boot: 'The machine was booted',
    restart: 'The recorder was started anew',
    loss: 'Nothing was recorded',
    clock_step: 'The clock was set',
    suspend: 'The machine slept',
};

/** @param {any} table @param {unknown} key */
function entry(table, key) {
    return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : null;
}

/** @param {unknown} alert */
export function alertOf(alert) {
    return entry(ALERTS, alert);
}

/** @param {unknown} diagnosis */
export function diagnosisOf(diagnosis) {
    return entry(DIAGNOSES, diagnosis);
}

/** @param {any} kill */
export function diagnosisOfKill(kill) {
    return (
        entry(CONSTRAINTS, kill.constraint) ?? (kill.limit_cgroup !== undefined ? CONSTRAINTS.memcg : null)
    );
}

/** @param {any} mark */
export function markText(mark) {
    const text = entry(MARKS, mark.mark) ?? String(mark.mark);
    if (!isNumber(mark.seconds)) return text;
    if (mark.mark === 'clock_step')
        return `${text} ${mark.seconds < 0 ? 'back' : 'forward'} by ${duration(Math.abs(mark.seconds))}`;
    return `${text}: ${duration(mark.seconds)}`;
}

/** What a victim held, as far as it is known. @param {any} kill */
export function residentOf(kill) {
    const parts = [kill.anon_rss_bytes, kill.file_rss_bytes, kill.shmem_rss_bytes].filter(isNumber);
    return parts.length > 0 ? parts.reduce((sum, part) => sum + part, 0) : undefined;
}

/** @param {any} kill @returns {string[]} its facts, each a few words */
export function killFacts(kill) {
    const facts = [];
    const resident = residentOf(kill);
    if (resident !== undefined)
        facts.push(`${bytes(resident)} resident (anonymous ${bytes(kill.anon_rss_bytes)})`);
    if (kill.cgroup !== undefined) facts.push(`cgroup ${kill.cgroup}`);
    if (kill.limit_cgroup !== undefined)
        facts.push(
            `at the limit of ${kill.limit_cgroup}${
                isNumber(kill.limit_bytes) ? ` (${bytes(kill.limit_bytes)})` : ''
            }`,
        );
    if (kill.uid !== undefined) facts.push(`uid ${kill.uid}`);
    if (kill.group_kill === true) facts.push('killed along with its group (memory.oom.group)');
    if (kill.trigger !== undefined)
        facts.push(
            `asked for by ${kill.trigger}${isNumber(kill.trigger_pid) ? `[${kill.trigger_pid}]` : ''}`,
        );
    return facts;
}

/** @param {any} kill */
export function victimOf(kill) {
    if (kill.pid === undefined) return `${kill.kills ?? 1} not named`;
    return `${kill.comm ?? '?'}[${kill.pid}]`;
}

/** @param {import('./event_log.js').Episode} episode @param {number} now of the rows */
export function goesOn(episode, now) {
    return episode.end === null && !episode.cut && now - episode.last.t < SILENCE;
}

/** @param {import('./event_log.js').Episode} episode @param {number} now of the rows */
export function episodeTime(episode, now) {
    const figure = episode.last.worst ?? episode.told.worst;
    const worst = isNumber(figure) ? alertOf(episode.alert)?.figure(figure) : undefined;
    const lasted =
        episode.end !== null
            ? `until ${clock(episode.end)}`
            : goesOn(episode, now)
              ? 'goes on'
              : `told until ${clock(episode.last.t)}`;
    return worst === undefined ? lasted : `${lasted}, at worst ${worst}`;
}
