// A server that speaks what faultline serve speaks, with figures made up: for work on the page, and for its own tests.
//
//   node tests/fake-server.mjs [--port N] [--page FILE]      (default: a free port, the page bundled anew)
//
// As a module it can do what a real one does at the wrong time: vanish, refuse, set its clock back.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { makePage } from '../bundle.mjs';

const MIB = 1 << 20;
const GIB = 1024 * MIB;
const REMEMBERED = 900;
const MOST_SAMPLES = 3000;

/** @param {number} t unix seconds */
function iso(t) {
    return new Date(Math.round(t * 1000)).toISOString();
}

/** A figure that wanders, the same for the same moment. @param {number} t @param {number} seed */
function wave(t, seed) {
    const x = Math.sin(t * 12.9898 + seed * 78.233) * 43758.5453;
    const noise = x - Math.floor(x);
    return (
        0.5 + 0.3 * Math.sin(t / (17 + seed)) + 0.15 * Math.sin(t / (141 + 7 * seed)) + 0.12 * (noise - 0.5)
    );
}

/** How bad it is: there is a busy time every ten minutes. @param {number} t */
function strain(t) {
    const phase = t % 600;
    return phase < 90 ? Math.sin((Math.PI * phase) / 90) : 0;
}

/** @param {number} t @param {number} interval @param {boolean} psi */
export function sampleAt(t, interval = 1, psi = true) {
    const bad = strain(t);
    const round = (/** @type {number} */ value) => Math.round(value * 10) / 10;
    const total = 24 * GIB;
    const available = Math.round(total * (0.9 - 0.75 * bad) * (0.96 + 0.04 * wave(t, 3)));
    const user = 12 + 25 * wave(t, 1);
    const system = 4 + 9 * wave(t, 2) + 12 * bad;
    const iowait = 1 + 3 * wave(t, 4) + 30 * bad;
    const some = bad * 60 * wave(t, 6);
    return {
        type: 'sample',
        time: iso(t),
        interval_seconds: interval,
        procs_running: Math.round(1 + 3 * wave(t, 5)),
        procs_blocked: Math.round(8 * bad),
        swap_used_bytes: Math.round(2 * GIB * bad),
        mem_free_bytes: Math.round(available * 0.4),
        mem_available_bytes: available,
        buffers_bytes: 49 * MIB,
        cached_bytes: Math.round(available * 0.5),
        minor_faults_per_second: round(3000 * wave(t, 7) + 30000 * bad),
        major_faults_per_second: round(Math.max(0, 4 * wave(t, 8) - 1) + 900 * bad * wave(t, 9)),
        refaults_file_per_second: round(40 * wave(t, 10) + 700 * bad),
        refaults_anon_per_second: round(300 * bad * wave(t, 11)),
        swap_in_bytes_per_second: round(12 * MIB * bad * wave(t, 12)),
        swap_out_bytes_per_second: round(30 * MIB * bad * wave(t, 13)),
        io_in_bytes_per_second: round(6 * MIB * wave(t, 14) + 200 * MIB * bad),
        io_out_bytes_per_second: round(9 * MIB * wave(t, 15)),
        interrupts_per_second: round(2500 * wave(t, 16)),
        context_switches_per_second: round(4200 * wave(t, 17) + 5000 * bad),
        forks_per_second: round(5 * wave(t, 18)),
        cpu_user_percent: round(user),
        cpu_system_percent: round(system),
        cpu_idle_percent: round(Math.max(0, 100 - user - system - iowait)),
        cpu_iowait_percent: round(iowait),
        cpu_steal_percent: 0,
        ...(psi
            ? {
                  cpu_some_stall_percent: round(3 + 6 * wave(t, 19)),
                  memory_some_stall_percent: round(some),
                  memory_full_stall_percent: round(some * 0.4),
                  io_some_stall_percent: round(2 + 50 * bad),
                  io_full_stall_percent: round(1 + 35 * bad * wave(t, 20)),
              }
            : {}),
        oom_kills: 0,
        mem_total_bytes: total,
    };
}

/** @param {number} t @param {string} comm @param {number} pid */
export function killAt(t, comm, pid = 6869) {
    return {
        type: 'oom_kill',
        time: iso(t),
        pid,
        comm,
        uid: 1000,
        anon_rss_bytes: 2 * GIB,
        file_rss_bytes: 5 * MIB,
        shmem_rss_bytes: 0,
        total_vm_bytes: 2.1 * GIB,
        pgtables_bytes: 4 * MIB,
        oom_score_adj: 300,
        constraint: 'memcg',
        cgroup: '/train/job',
        limit_cgroup: '/train',
        usage_bytes: 2 * GIB,
        limit_bytes: 2 * GIB,
        trigger: comm,
        trigger_pid: pid,
        tasks: [
            { pid, comm, uid: 1000, rss_bytes: 2 * GIB, swap_bytes: 0, oom_score_adj: 300 },
            { pid: 195, comm: 'logger', uid: 0, rss_bytes: 3 * MIB, swap_bytes: 0, oom_score_adj: 0 },
        ],
        message: `OOM kill: ${comm}[${pid}] 2.0G resident, cgroup /train/job, at the limit of /train (2.0G)`,
    };
}

/** @param {number} t @param {'begin' | 'continue' | 'end'} state @param {number} lasted */
export function alertAt(t, state, lasted = 1) {
    return {
        type: 'alert',
        time: iso(t),
        alert: 'major_faults',
        state,
        value: 812.0,
        threshold: 50.0,
        worst: 945.5,
        duration_seconds: lasted,
        diagnosis: 'file_thrash',
        processes: [{ pid: 28419, comm: 'reader', major_faults_per_second: 801.0 }],
        message:
            state === 'end'
                ? `HIGH IO LATENCY is over: it lasted ${lasted} s, at worst 946 Major Faults/sec`
                : 'HIGH IO LATENCY: 812 Major Faults/sec detected! reader[28419] 801/s; refaults 92%: the working set does not fit in RAM',
    };
}

/** @param {number} t @param {number} most */
export function lookAt(t, most) {
    const bad = strain(t);
    const names = [
        'reader',
        'postgres',
        'trainer',
        'python3',
        'nginx',
        'java',
        'systemd-journal',
        'worker',
        'node',
        'sshd',
    ];
    return [
        { type: 'top', time: iso(t), by: 'process', sort: 'maj', interval_seconds: 1, processes: 66 },
        ...names.slice(0, most).map((comm, i) => ({
            type: 'process',
            time: iso(t),
            pid: 900 + 117 * i,
            user: i % 3 ? 'www-data' : 'root',
            uid: i % 3 ? 33 : 0,
            minor_faults: 1e6,
            major_faults: 2000,
            minor_faults_per_second: Math.round(400 * wave(t, 30 + i)),
            major_faults_per_second: Math.round(
                (i < 2 ? 400 * bad : 0) + Math.max(0, 3 * wave(t, 40 + i) - 2),
            ),
            rss_bytes: Math.round((2000 >> i) * MIB * (1 + wave(t, 50))),
            swap_bytes: Math.round(100 * MIB * bad),
            oom_score: 666 - 40 * i,
            comm,
            cgroup: i % 2 ? '/system.slice/web.service' : '/train/job',
        })),
    ];
}

/**
 * What a recording of an incident holds.
 * @param {string} victim @param {number} [at] when it died
 */
export function recordingLines(victim, at = Date.UTC(2026, 10, 24, 20, 17, 40) / 1000) {
    const lines = [
        {
            type: 'about',
            time: iso(at + 60),
            version: '0.1.0',
            host: 'train7',
            kernel: '6.18.44',
            interval_seconds: 1,
            alert_major_faults: 50,
            alert_context_switches: 10000,
            since: iso(at - 300),
        },
    ];
    for (let t = at - 300; t <= at + 60; t++) {
        /** @type {any} */
        const sample = sampleAt(t - at + 600 * 1000 + 50);
        lines.push({ ...sample, time: iso(t) });
        if (t === at - 40) lines.push(/** @type {any} */ (alertAt(t, 'begin')));
        if (t === at) lines.push(/** @type {any} */ (killAt(t, victim)));
        if (t === at + 20) lines.push(/** @type {any} */ (alertAt(t, 'end', 60)));
        if ((t - at) % 10 === 0)
            lines.push(
                .../** @type {any[]} */ (
                    lookAt(t, 5)
                        .slice(1)
                        .map((/** @type {any} */ process) => {
                            const { user, oom_score: score, ...rest } = process;
                            return rest;
                        })
                ),
            );
    }
    lines.push(
        /** @type {any} */ ({
            type: 'report',
            text:
                `OOM kill ${victim}[6869] 2.0G resident, cgroup /train/job, at the limit of /train (2.0G)\n` +
                '  2026-11-24 20:17:40 UTC; host train7, Linux 6.18.44\n\n  What was killed\n' +
                `    20:17:40  ${victim}[6869] 2.0G resident, cgroup /train/job, at the limit of /train (2.0G)\n\n  Diagnosis\n` +
                '    A memory cgroup was full, whatever the machine had left.\n',
        }),
    );
    return lines;
}

/** As faultline report --html puts it together. @param {string} page @param {any[]} lines */
export function withRecording(page, lines) {
    const text = lines
        .map((line) => JSON.stringify(line))
        .join('\n')
        .replaceAll('<', '\\u003c');
    return page.replace(
        '<!--recording-->',
        () => `<script type="application/x-ndjson" id="recording">\n${text}\n</script>`,
    );
}

export class FakeServer {
    /**
     * @param {{ page: string, psi?: boolean, rows?: boolean, history?: number, rate?: number }} options
     *     rows: whether any come; history: seconds before the start that can be asked for
     */
    constructor(options) {
        this.options = { psi: true, rows: true, history: 86400 * 2, ...options };
        this.offset = 0; // of its clock
        this.refuses = false;
        this.samplesAsked = 0;
        /** @type {Set<import('node:http').ServerResponse>} */
        this.streams = new Set();
        /** @type {any[]} sent, or to be sent again */
        this.memory = [];
        this.startedAt = this.now();
        this.server = createServer((request, response) => this.answer(request, response));
        /** @type {any} */
        this.timer = null;
    }

    now() {
        return Date.now() / 1000 + this.offset;
    }

    /** @param {number} [port] */
    async start(port = 0) {
        await new Promise((done) => this.server.listen(port, '127.0.0.1', () => done(null)));
        const address = /** @type {import('node:net').AddressInfo} */ (this.server.address());
        this.port = address.port;
        this.url = `http://127.0.0.1:${this.port}/`;
        if (this.options.rows) this.timer = setInterval(() => this.row(), 1000);
        return this;
    }

    async stop() {
        clearInterval(this.timer);
        this.drop();
        this.server.closeAllConnections();
        await new Promise((done) => this.server.close(() => done(null)));
    }

    row() {
        const t = this.now();
        if (Math.floor(t) % 600 === 20) this.emit(alertAt(t, 'begin'));
        if (Math.floor(t) % 600 === 80) this.emit(alertAt(t, 'end', 60));
        for (const line of lookAt(t, 10)) this.send(line);
        this.emit(sampleAt(t, 1, this.options.psi));
    }

    /** Sends a line, and remembers it. @param {any} line */
    emit(line) {
        this.memory.push(line);
        if (this.memory.length > 4 * REMEMBERED) this.memory.splice(0, REMEMBERED);
        this.send(line);
    }

    /** @param {any} line */
    send(line) {
        const text = this.event(line);
        for (const stream of this.streams) stream.write(text);
    }

    /** @param {any} line */
    event(line) {
        return `id: ${Date.parse(line.time)}\ndata: ${JSON.stringify(line)}\n\n`;
    }

    /** @param {string} comm */
    kill(comm, pid = 6869) {
        this.emit(killAt(this.now(), comm, pid));
    }

    /** Cuts all streams. */
    drop() {
        for (const stream of this.streams) stream.destroy();
        this.streams.clear();
    }

    /**
     * @param {import('node:http').IncomingMessage} request
     * @param {import('node:http').ServerResponse} response
     */
    answer(request, response) {
        const url = new URL(/** @type {string} */ (request.url), 'http://fake');
        if (this.refuses) {
            response.socket?.destroy();
            return;
        }
        switch (url.pathname) {
            case '/':
                response
                    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
                    .end(this.options.page);
                break;
            case '/api/stream':
                this.stream(request, response);
                break;
            case '/api/samples':
                this.samples(url, response);
                break;
            default:
                response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
        }
    }

    about() {
        return {
            type: 'about',
            time: iso(this.now()),
            version: '0.1.0',
            host: 'web1',
            kernel: '6.18.44',
            interval_seconds: 1.0,
            alert_major_faults: 50.0,
            alert_context_switches: 10000.0,
            since: iso(this.startedAt - this.options.history),
        };
    }

    /**
     * @param {import('node:http').IncomingMessage} request
     * @param {import('node:http').ServerResponse} response
     */
    stream(request, response) {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        response.write(`retry: 2000\n\n${this.event(this.about())}`);
        const last = Number(request.headers['last-event-id']);
        if (last > 0)
            for (const line of this.memory.filter((one) => Date.parse(one.time) > last))
                response.write(this.event(line));
        this.streams.add(response);
        response.on('close', () => this.streams.delete(response));
    }

    /** @param {URL} url @param {import('node:http').ServerResponse} response */
    samples(url, response) {
        this.samplesAsked++;
        const time = (/** @type {string | null} */ text) =>
            text === null ? NaN : /^[\d.]+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
        const since = time(url.searchParams.get('since'));
        const until = url.searchParams.has('until') ? time(url.searchParams.get('until')) : this.now();
        if (Number.isNaN(since) || Number.isNaN(until)) {
            response.writeHead(400, { 'content-type': 'text/plain' }).end('since: not a time\n');
            return;
        }
        const lines = this.options.rows
            ? this.made(since, until, Number(url.searchParams.get('every') ?? 1))
            : [];
        response.writeHead(200, { 'content-type': 'application/x-ndjson' });
        response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    }

    /** @param {number} since @param {number} until @param {number} every */
    made(since, until, every) {
        const begin = Math.max(since, this.startedAt - this.options.history);
        const step = Math.max(every, Math.ceil((until - begin) / MOST_SAMPLES), 1);
        /** @type {any[]} */
        const lines = [];
        const before = Math.min(until, this.startedAt);
        for (let t = Math.ceil(begin / step) * step; t <= before; t += step) {
            /** @type {any} */
            const sample = sampleAt(t, step, this.options.psi);
            if (step > 1) {
                sample.mem_available_bytes_lowest = sample.mem_available_bytes * 0.8;
                sample.major_faults_per_second_highest = sample.major_faults_per_second * 2.5;
            }
            lines.push(sample);
        }
        lines.push(
            ...this.memory.filter(
                (line) => Date.parse(line.time) / 1000 > since && Date.parse(line.time) / 1000 <= until,
            ),
        );
        return lines;
    }
}

/** @param {ConstructorParameters<typeof FakeServer>[0]} options @param {number} [port] */
export function startFake(options, port) {
    return new FakeServer(options).start(port);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
    const value = (/** @type {string} */ name) =>
        process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
    const file = value('--page');
    const page = file === undefined ? await makePage() : readFileSync(file, 'utf8');
    const fake = await startFake({ page }, Number(value('--port') ?? 0));
    console.log(fake.url);
    process.stdin.on('data', () => fake.kill('trainer')); // Enter kills
}
