// The processes of one look, those with the most major faults first: one row of COLUMNS a column.

import { ABSENT, bytes, clock, count, isNumber } from './format.js';
import { byId, el, setText } from './dom.js';
import { visible } from './text.js';

/** @type {{ head: string, cell: (process: any) => string, text?: boolean }[]} */
const COLUMNS = [
    {
        head: 'command',
        cell: (p) => visible(p.comm ?? '?') + (p.ended === true ? ' (ended)' : ''),
        text: true,
    },
    { head: 'pid', cell: (p) => visible(p.pid ?? ABSENT) },
    { head: 'major/s', cell: (p) => count(p.major_faults_per_second) },
    { head: 'minor/s', cell: (p) => count(p.minor_faults_per_second) },
    { head: 'resident', cell: (p) => bytes(p.rss_bytes) },
    { head: 'swap', cell: (p) => bytes(p.swap_bytes) },
    { head: 'OOM score', cell: (p) => count(p.oom_score) },
    { head: 'user', cell: (p) => visible(p.user ?? p.uid ?? ABSENT), text: true },
    { head: 'cgroup', cell: (p) => visible(p.cgroup ?? ABSENT), text: true },
];

export class ProcessTable {
    constructor() {
        const table = byId('process-table');
        this.body = table.tBodies[0];
        this.note = byId('look');
        this.drawn = /** @type {any} */ (undefined);
        table.tHead.append(
            el(
                'tr',
                {},
                ...COLUMNS.map((column) =>
                    el('th', { scope: 'col', class: column.text ? 'text' : undefined }, column.head),
                ),
            ),
        );
    }

    /** @param {{ t: number, top: any, processes: any[] } | null} look */
    draw(look) {
        if (look === this.drawn) return;
        this.drawn = look;
        setText(
            this.note,
            look === null ? 'No look at the processes is known of that time.' : this.headline(look),
        );
        this.body.replaceChildren(
            ...(look?.processes ?? []).map((process) =>
                el(
                    'tr',
                    {},
                    ...COLUMNS.map((column, i) => {
                        const tag = i === 0 ? 'th' : 'td';
                        return el(
                            tag,
                            { scope: i === 0 ? 'row' : undefined, class: column.text ? 'text' : undefined },
                            column.text ? el('bdi', {}, column.cell(process)) : column.cell(process),
                        );
                    }),
                ),
            ),
        );
    }

    /** @param {{ t: number, top: any, processes: any[] }} look */
    headline(look) {
        const all = isNumber(look.top?.processes) ? ` of ${look.top.processes}` : '';
        const rates = look.processes.some((process) => isNumber(process.major_faults_per_second));
        return `${look.processes.length}${all} at ${clock(look.t)}, ${rates ? 'most major faults' : 'largest'} first`;
    }
}
