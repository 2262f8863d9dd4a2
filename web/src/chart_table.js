// The rows of a chart as a table, made only while it is open.

import { clock, dateTime, day } from './format.js';
import { el } from './dom.js';

const MOST = 60;

export class ChartTable {
    /** @param {import('./charts.js').ChartRow} row */
    constructor(row) {
        this.row = row;
        this.caption = el('caption');
        this.head = el('thead');
        this.body = el('tbody');
        this.drawn = '';
        /** @type {import('./chart.js').Frame | null} */
        this.frame = null;
        this.root = el(
            'details',
            { class: 'as-table', ontoggle: () => this.fill() },
            el('summary', {}, 'Table', el('span', { class: 'sr' }, ` of ${row.title}`)),
            el(
                'div',
                { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${row.title}, table` },
                el('table', {}, this.caption, this.head, this.body),
            ),
        );
    }

    /** @param {import('./chart.js').Frame} frame */
    draw(frame) {
        this.frame = frame;
        this.fill();
    }

    fill() {
        if (!this.root.open || this.frame === null) return;
        const { from, until } = this.frame;
        const within = this.frame.rows.filter((row) => row.t >= from && row.t <= until + 0.001);
        const rows = within.slice(-MOST).reverse();
        const drawn = `${rows.length}|${rows[0]?.t}|${rows[rows.length - 1]?.t}`;
        if (drawn === this.drawn) return;
        this.drawn = drawn;
        const series = this.row.series.filter(
            (one) => !one.peak || rows.some((row) => /** @type {any} */ (row)[one.key] !== undefined),
        );
        const today = rows.length > 0 && day(rows[0].t) === day(rows[rows.length - 1].t);
        this.caption.textContent =
            rows.length === 0 ? 'No rows here.' : `${rows.length} of ${within.length} rows, newest first`;
        this.head.replaceChildren(
            el(
                'tr',
                {},
                el('th', { scope: 'col' }, today ? day(rows[0].t) : 'time'),
                ...series.map((one) => el('th', { scope: 'col' }, one.label)),
            ),
        );
        this.body.replaceChildren(
            ...rows.map((row) =>
                el(
                    'tr',
                    {},
                    el('th', { scope: 'row' }, today ? clock(row.t) : dateTime(row.t)),
                    ...series.map((one) =>
                        el('td', {}, this.row.unit.figure(/** @type {any} */ (row)[one.key])),
                    ),
                ),
            ),
        );
    }
}
