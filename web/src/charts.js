// The charts: one row a chart. What they show is decided here, how they are drawn in chart.js.

import { bytes, bytesRate, count, percent, rate, short } from './format.js';

/**
 * @typedef {object} Series
 * @property {string} key of the sample
 * @property {string} label
 * @property {1 | 2 | 3 | 4 | 5} tone its colour and dashes (theme.js): a pair, so that colour alone never tells
 * @property {boolean} [peak] what a folded row has beside its average; no key of a row of one second
 *
 * @typedef {object} Unit
 * @property {(value?: number) => string} figure in words
 * @property {(value: number) => string} axis
 * @property {boolean} [binary] steps of the axis are powers of two
 * @property {number} least the axis reaches at least so far: what is next to nothing shall look like it
 * @property {number} [most] and never beyond
 *
 * @typedef {object} ChartRow
 * @property {string} id
 * @property {string} title
 * @property {Unit} unit
 * @property {Series[]} series
 * @property {string} [threshold] key of the line `about`: where the alert begins
 * @property {string} [ceiling] key of a sample: the axis reaches up to it
 * @property {string} absent what it means where none of its keys is there
 */

/** @type {{ [unit: string]: Unit }} */
const UNITS = {
    bytes: { figure: bytes, axis: bytes, binary: true, least: 1 << 20 },
    bytesRate: { figure: bytesRate, axis: bytes, binary: true, least: 1 << 20 },
    rate: { figure: rate, axis: short, least: 20 },
    percent: { figure: percent, axis: (value) => `${short(value)}%`, least: 10, most: 100 },
    share: { figure: percent, axis: (value) => `${short(value)}%`, least: 100, most: 100 },
    count: { figure: count, axis: short, least: 4 },
};

const NOT_TOLD = 'This kernel does not tell.';

/** @type {ChartRow[]} */
export const CHARTS = [
    {
        id: 'memory',
        title: 'Memory',
        unit: UNITS.bytes,
        ceiling: 'mem_total_bytes',
        absent: NOT_TOLD,
        series: [
            { key: 'mem_available_bytes', label: 'available', tone: 1 },
            { key: 'cached_bytes', label: 'cached', tone: 2 },
            { key: 'mem_free_bytes', label: 'free', tone: 3 },
            { key: 'swap_used_bytes', label: 'swap', tone: 4 },
            { key: 'mem_available_bytes_lowest', label: 'lowest', tone: 5, peak: true },
        ],
    },
    {
        id: 'major',
        title: 'Major faults',
        unit: UNITS.rate,
        threshold: 'alert_major_faults',
        absent: NOT_TOLD,
        series: [
            { key: 'major_faults_per_second', label: 'major', tone: 1 },
            { key: 'major_faults_per_second_highest', label: 'highest', tone: 5, peak: true },
        ],
    },
    {
        id: 'minor',
        title: 'Minor faults',
        unit: UNITS.rate,
        absent: NOT_TOLD,
        series: [{ key: 'minor_faults_per_second', label: 'minor', tone: 1 }],
    },
    {
        id: 'stalls',
        title: 'Stalls',
        unit: UNITS.percent,
        absent: 'This kernel does not tell: pressure stalls (PSI) are since Linux 4.20, and can be switched off.',
        series: [
            { key: 'memory_full_stall_percent', label: 'memory all', tone: 2 },
            { key: 'memory_some_stall_percent', label: 'memory some', tone: 4 },
            { key: 'io_full_stall_percent', label: 'I/O all', tone: 1 },
            { key: 'cpu_some_stall_percent', label: 'CPU some', tone: 3 },
            { key: 'memory_full_stall_percent_highest', label: 'memory highest', tone: 5, peak: true },
        ],
    },
    {
        id: 'cpu',
        title: 'CPU',
        unit: UNITS.share,
        absent: NOT_TOLD,
        series: [
            { key: 'cpu_user_percent', label: 'user', tone: 1 },
            { key: 'cpu_system_percent', label: 'system', tone: 2 },
            { key: 'cpu_iowait_percent', label: 'I/O wait', tone: 3 },
            { key: 'cpu_steal_percent', label: 'steal', tone: 4 },
        ],
    },
    {
        id: 'switches',
        title: 'Context switches',
        unit: UNITS.rate,
        threshold: 'alert_context_switches',
        absent: NOT_TOLD,
        series: [
            { key: 'context_switches_per_second', label: 'switches', tone: 1 },
            { key: 'interrupts_per_second', label: 'interrupts', tone: 3 },
            { key: 'context_switches_per_second_highest', label: 'highest', tone: 5, peak: true },
        ],
    },
    {
        id: 'swap',
        title: 'Swap',
        unit: UNITS.bytesRate,
        absent: NOT_TOLD,
        series: [
            { key: 'swap_in_bytes_per_second', label: 'in', tone: 2 },
            { key: 'swap_out_bytes_per_second', label: 'out', tone: 1 },
        ],
    },
    {
        id: 'refaults',
        title: 'Refaults',
        unit: UNITS.rate,
        absent: NOT_TOLD,
        series: [
            { key: 'refaults_file_per_second', label: 'of files', tone: 1 },
            { key: 'refaults_anon_per_second', label: 'anonymous', tone: 2 },
        ],
    },
    {
        id: 'disk',
        title: 'Disk',
        unit: UNITS.bytesRate,
        absent: NOT_TOLD,
        series: [
            { key: 'io_in_bytes_per_second', label: 'read', tone: 1 },
            { key: 'io_out_bytes_per_second', label: 'written', tone: 2 },
        ],
    },
];
