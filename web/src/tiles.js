// The figures that matter, as they are now: one row a tile.

import { ABSENT, bytes, clock, count, isNumber, percent, rate } from './format.js';
import { el, setAttribute, setText } from './dom.js';
import { victimOf } from './meaning.js';
import { visible } from './text.js';

/**
 * @typedef {{ row: any, about: any, kills: any[] }} Now
 * @typedef {object} Tile
 * @property {string} id
 * @property {string} label
 * @property {(now: Now) => string} value
 * @property {(now: Now) => string} detail
 * @property {(now: Now) => '' | 'warn' | 'bad'} [level]
 */

/** @param {any} row */
function availablePercent(row) {
    return isNumber(row.mem_available_bytes) && row.mem_total_bytes > 0
        ? (100 * row.mem_available_bytes) / row.mem_total_bytes
        : undefined;
}

/** @param {any} row */
function busyPercent(row) {
    return isNumber(row.cpu_idle_percent)
        ? Math.max(0, 100 - row.cpu_idle_percent - (row.cpu_iowait_percent ?? 0))
        : undefined;
}

/** @param {number | undefined} value @param {number | undefined} threshold */
function above(value, threshold) {
    return isNumber(value) &&
        isNumber(threshold) &&
        /** @type {number} */ (value) > /** @type {number} */ (threshold)
        ? 'bad'
        : '';
}

/** @type {Tile[]} */
const TILES = [
    {
        id: 'available',
        label: 'Available memory',
        value: ({ row }) => bytes(row.mem_available_bytes),
        detail: ({ row }) =>
            isNumber(row.mem_total_bytes)
                ? `${percent(availablePercent(row))} of ${bytes(row.mem_total_bytes)}`
                : '',
        level: ({ row }) => {
            const left = availablePercent(row) ?? 100;
            return left < 4 ? 'bad' : left < 10 ? 'warn' : '';
        },
    },
    {
        id: 'major',
        label: 'Major faults',
        value: ({ row }) => rate(row.major_faults_per_second),
        detail: ({ about }) =>
            isNumber(about.alert_major_faults) ? `alert above ${rate(about.alert_major_faults)}` : '',
        level: ({ row, about }) => above(row.major_faults_per_second, about.alert_major_faults),
    },
    {
        id: 'minor',
        label: 'Minor faults',
        value: ({ row }) => rate(row.minor_faults_per_second),
        detail: ({ row }) =>
            isNumber(row.refaults_file_per_second) ? `refaults ${rate(row.refaults_file_per_second)}` : '',
    },
    {
        id: 'memory-stall',
        label: 'Memory stall, all tasks',
        value: ({ row }) => percent(row.memory_full_stall_percent),
        detail: ({ row }) => `some ${percent(row.memory_some_stall_percent)}`,
        level: ({ row }) =>
            row.memory_full_stall_percent >= 10 ? 'bad' : row.memory_full_stall_percent >= 1 ? 'warn' : '',
    },
    {
        id: 'io-stall',
        label: 'I/O stall, all tasks',
        value: ({ row }) => percent(row.io_full_stall_percent),
        detail: ({ row }) => `some ${percent(row.io_some_stall_percent)}`,
    },
    {
        id: 'cpu',
        label: 'CPU busy',
        value: ({ row }) => percent(busyPercent(row)),
        detail: ({ row }) => `I/O wait ${percent(row.cpu_iowait_percent)}`,
    },
    {
        id: 'switches',
        label: 'Context switches',
        value: ({ row }) => rate(row.context_switches_per_second),
        detail: ({ row }) =>
            isNumber(row.procs_running)
                ? `${count(row.procs_running)} run, ${count(row.procs_blocked)} blocked`
                : '',
        level: ({ row, about }) => above(row.context_switches_per_second, about.alert_context_switches),
    },
    {
        id: 'kills',
        label: 'OOM kills',
        value: ({ kills }) => count(kills.reduce((sum, kill) => sum + (kill.kills ?? 1), 0)),
        detail: ({ kills }) => {
            const last = kills[kills.length - 1];
            return last === undefined ? 'none known' : `${clock(last.t)} ${visible(victimOf(last))}`;
        },
        level: ({ kills }) => (kills.length > 0 ? 'bad' : ''),
    },
];

const LEVEL_SIGNS = { '': '', warn: '▲ ', bad: '▲ ' };

export class Tiles {
    /** @param {Element} root */
    constructor(root) {
        this.tiles = TILES.map((tile) => {
            const value = el('dd', { class: 'value' }, ABSENT);
            const detail = el('dd', { class: 'detail foreign' });
            const box = el(
                'dl',
                { class: 'tile', 'data-tile': tile.id },
                el('dt', {}, tile.label),
                value,
                detail,
            );
            root.append(box);
            return { tile, box, value, detail };
        });
    }

    /** @param {Now} now */
    draw(now) {
        for (const { tile, box, value, detail } of this.tiles) {
            const level = tile.level?.(now) ?? '';
            const text = tile.value(now);
            setText(value, `${LEVEL_SIGNS[level]}${text}`);
            setText(detail, tile.detail(now));
            setAttribute(box, 'data-level', level === '' ? null : level);
        }
    }
}
