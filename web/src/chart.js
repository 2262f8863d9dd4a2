// One chart of charts.js: uPlot with a legend, keys, and the same as a table.

import uPlot from 'uplot';
import { ChartTable } from './chart_table.js';
import { ABSENT, axisTimes, clock } from './format.js';
import { el, setAttribute, setText } from './dom.js';
import { marksPlugin } from './marks.js';
import { columns } from './rows.js';
import { color, DASHES } from './theme.js';

/**
 * @typedef {object} ChartHost what a chart asks of the page
 * @property {(from: number, until: number) => void} zoom
 * @property {(factor: number, t: number) => void} zoomBy
 * @property {() => void} resetZoom
 * @property {(t: number | null) => void} cursorAt
 * @property {(text: string) => void} say to a screen reader
 *
 * @typedef {object} Frame what is to be drawn
 * @property {import('./rows.js').Row[]} rows
 * @property {number} from
 * @property {number} until
 * @property {import('./marks.js').Mark[]} marks
 * @property {any} about
 */

const HEIGHT = 148;
const SVG = 'http://www.w3.org/2000/svg';
const POWERS_OF_TWO = Array.from({ length: 60 }, (_, i) => 2 ** i);
const TIME_STEPS = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
];

/** A stroke as it is drawn on the chart. @param {number} tone */
function swatch(tone) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', `swatch tone${tone}`);
    svg.setAttribute('viewBox', '0 0 22 4');
    svg.setAttribute('aria-hidden', 'true');
    const line = document.createElementNS(SVG, 'line');
    for (const [name, value] of Object.entries({
        x1: 0,
        x2: 22,
        y1: 2,
        y2: 2,
        'stroke-dasharray': DASHES[tone].join(' '),
    }))
        if (value !== '') line.setAttribute(name, String(value));
    svg.append(line);
    return svg;
}

export class Chart {
    /** @param {import('./charts.js').ChartRow} row @param {ChartHost} host */
    constructor(row, host) {
        this.row = row;
        this.host = host;
        /** @type {Frame} */
        this.frame = { rows: [], from: 0, until: 1, marks: [], about: {} };
        this.keys = row.series.map((series) => series.key);
        this.figures = row.series.map(() => el('span', { class: 'figure' }, ABSENT));
        this.legend = el(
            'ul',
            { class: 'legend' },
            ...row.series.map((series, i) =>
                el('li', {}, swatch(series.tone), `${series.label} `, this.figures[i]),
            ),
        );
        this.plot = el('div', {
            class: 'plot',
            tabindex: 0,
            role: 'group',
            'aria-roledescription': 'chart',
            'aria-label': `${row.title}, chart`,
            'aria-describedby': 'chart-keys',
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.onKey(event),
            onblur: () => this.moveCursor(-10, -10),
        });
        this.note = el('p', { class: 'note', hidden: true });
        this.table = new ChartTable(row);
        this.root = el(
            'section',
            {
                class: 'chart',
                'data-chart': row.id,
                'data-marks': 0,
                'data-kills': 0,
                'aria-labelledby': `${row.id}-title`,
            },
            el('header', {}, el('h3', { id: `${row.id}-title` }, row.title), this.legend),
            el('div', { class: 'canvas' }, this.plot, this.note),
            this.table.root,
        );
        this.u = /** @type {any} */ (null);
    }

    /** Once it stands in the document, and so has a width. */
    mount() {
        this.u = new uPlot(this.options(), /** @type {any} */ (columns([], this.keys)), this.plot);
        this.followFinger();
        new ResizeObserver(() => {
            const width = Math.floor(this.plot.clientWidth);
            if (width > 0 && width !== this.u.width) this.u.setSize({ width, height: HEIGHT });
        }).observe(this.plot);
    }

    /** @returns {any} of uPlot */
    options() {
        const axis = {
            stroke: () => color('muted'),
            font: '11px system-ui, sans-serif',
            grid: { stroke: () => color('grid'), width: 1 },
            ticks: { show: false },
        };
        const { unit } = this.row;
        return {
            width: Math.max(100, Math.floor(this.plot.clientWidth)),
            height: HEIGHT,
            padding: [14, 10, 0, 0],
            legend: { show: false },
            cursor: {
                y: false,
                sync: { key: 'faultline' },
                drag: { x: true, y: false, setScale: false },
                points: { size: 6 },
                focus: { prox: -1 },
            },
            scales: {
                x: { time: true, range: () => [this.frame.from, this.frame.until] },
                y: {
                    range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ most) => [
                        0,
                        this.top(most),
                    ],
                },
            },
            axes: [
                {
                    ...axis,
                    size: 22,
                    gap: 4,
                    incrs: TIME_STEPS,
                    space: 64,
                    values: (
                        /** @type {any} */ _,
                        /** @type {number[]} */ splits,
                        /** @type {any} */ __,
                        /** @type {any} */ ___,
                        /** @type {number} */ step,
                    ) => axisTimes(splits, step),
                },
                {
                    ...axis,
                    size: 56,
                    gap: 4,
                    space: 28,
                    ...(unit.binary ? { incrs: POWERS_OF_TWO } : {}),
                    values: (/** @type {any} */ _, /** @type {number[]} */ splits) => splits.map(unit.axis),
                },
            ],
            series: [
                {},
                ...this.row.series.map((series) => ({
                    stroke: () => color(`tone${series.tone}`),
                    width: 1.5,
                    dash: DASHES[series.tone],
                    points: {
                        show: (
                            /** @type {any} */ u,
                            /** @type {number} */ _,
                            /** @type {number} */ first,
                            /** @type {number} */ last,
                        ) => first === last,
                    },
                    spanGaps: false,
                })),
            ],
            hooks: {
                setCursor: [(/** @type {any} */ u) => this.onCursor(u)],
                setSelect: [(/** @type {any} */ u) => this.onSelect(u)],
            },
            plugins: [
                marksPlugin(() => ({
                    marks: this.frame.marks,
                    threshold: this.row.threshold ? this.frame.about[this.row.threshold] : undefined,
                })),
            ],
        };
    }

    /** How far the axis reaches. @param {number | null} most of the data */
    top(most) {
        const { unit, ceiling } = this.row;
        const last = this.frame.rows[this.frame.rows.length - 1];
        const whole = ceiling && last ? /** @type {any} */ (last)[ceiling] : undefined;
        const wanted = Math.max((most ?? 0) * 1.08, unit.least, whole ?? 0);
        return unit.most === undefined ? wanted : Math.min(wanted, unit.most);
    }

    /** @param {Frame} frame */
    draw(frame) {
        this.frame = frame;
        const data = columns(frame.rows, this.keys);
        this.u.setData(data);
        this.showSeries(data);
        const marks = frame.marks.filter((mark) => mark.t >= frame.from);
        this.root.dataset.marks = String(marks.length);
        this.root.dataset.kills = String(marks.filter((mark) => mark.kind === 'kill').length);
        this.showFigures();
        this.table.draw(frame);
        setAttribute(this.plot, 'aria-label', this.summary());
    }

    /**
     * What no row has is not in the legend, if it is but a peak; the chart says so if it has nothing at all.
     * @param {any[]} data
     */
    showSeries(data) {
        const there = this.row.series.map((_, i) =>
            data[i + 1].some((/** @type {any} */ value) => value !== null),
        );
        this.row.series.forEach((series, i) => {
            this.legend.children[i].hidden = series.peak === true && !there[i];
        });
        this.note.hidden = there.includes(true);
        setText(this.note, this.frame.rows.length === 0 ? 'No rows here.' : this.row.absent);
    }

    redraw() {
        this.u.redraw(false, true);
    }

    /** @returns {import('./rows.js').Row | undefined} */
    rowAtCursor() {
        const t = this.timeAtCursor();
        if (t === undefined) return undefined;
        let best;
        for (const row of this.frame.rows)
            if (
                row.t >= this.frame.from &&
                row.t <= this.frame.until &&
                (best === undefined || Math.abs(row.t - t) < Math.abs(best.t - t))
            )
                best = row;
        return best;
    }

    /** @returns {number | undefined} */
    timeAtCursor() {
        const { idx, left } = this.u.cursor;
        return left >= 0 && idx !== null && idx !== undefined ? this.u.data[0][idx] : undefined;
    }

    /** @returns {import('./rows.js').Row | undefined} */
    lastRow() {
        const { rows, until } = this.frame;
        for (let i = rows.length - 1; i >= 0; i--) if (rows[i].t <= until + 0.001) return rows[i];
        return undefined;
    }

    showFigures() {
        const row = /** @type {any} */ (this.rowAtCursor() ?? this.lastRow() ?? {});
        this.keys.forEach((key, i) => setText(this.figures[i], this.row.unit.figure(row[key])));
    }

    summary() {
        const row = /** @type {any} */ (this.lastRow() ?? {});
        return `${this.row.title}, chart. ${this.figuresOf(row)}`;
    }

    /** @param {any} row */
    figuresOf(row) {
        return this.row.series
            .filter((series) => row[series.key] !== undefined)
            .map((series) => `${series.label} ${this.row.unit.figure(row[series.key])}`)
            .join(', ');
    }

    /** @param {any} u */
    onCursor(u) {
        this.u ??= u;
        this.showFigures();
        // Of the charts that share the cursor, the one that is pointed at tells the page.
        if (u.cursor.event !== undefined || document.activeElement === this.plot)
            this.host.cursorAt(this.timeAtCursor() ?? null);
    }

    /** @param {any} u */
    onSelect(u) {
        const { left, width } = u.select;
        if (width < 4) return;
        const from = u.posToVal(left, 'x');
        const until = u.posToVal(left + width, 'x');
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        this.host.zoom(from, until);
    }

    /** A touch moves the cursor; the page scrolls up and down as ever. */
    followFinger() {
        const { over } = this.u;
        over.addEventListener(
            'touchmove',
            (/** @type {TouchEvent} */ event) => {
                const box = over.getBoundingClientRect();
                const left = Math.min(Math.max(event.touches[0].clientX - box.left, 0), box.width - 1);
                this.moveCursor(left, box.height / 2);
            },
            { passive: true },
        );
    }

    /** @param {number} t */
    cursorTo(t) {
        this.moveCursor(this.u.valToPos(t, 'x'), HEIGHT / 3);
    }

    /**
     * That of all charts: the last argument of uPlot's, which its types do not know.
     * @param {number} left
     * @param {number} top
     */
    moveCursor(left, top) {
        this.u.setCursor({ left, top }, true, true);
    }

    /** @param {KeyboardEvent} event */
    onKey(event) {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        const middle = (this.frame.from + this.frame.until) / 2;
        const t = this.timeAtCursor() ?? middle;
        switch (event.key) {
            case 'ArrowLeft':
                this.step(event.shiftKey ? -10 : -1);
                break;
            case 'ArrowRight':
                this.step(event.shiftKey ? 10 : 1);
                break;
            case 'Home':
                this.step(-Infinity);
                break;
            case 'End':
                this.step(Infinity);
                break;
            case '+':
            case '=':
                this.host.zoomBy(0.5, t);
                break;
            case '-':
                this.host.zoomBy(2, t);
                break;
            case '0':
            case 'Escape':
                this.host.resetZoom();
                break;
            default:
                return;
        }
        event.preventDefault();
        event.stopPropagation();
    }

    /** Moves the cursor by so many rows, and says what is there. @param {number} by */
    step(by) {
        const rows = this.frame.rows.filter((row) => row.t >= this.frame.from && row.t <= this.frame.until);
        if (rows.length === 0) return;
        const now = this.rowAtCursor();
        const at = now === undefined ? rows.length - (by < 0 ? 0 : 1) : rows.indexOf(now);
        const row = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
        this.cursorTo(row.t);
        this.host.say(`${clock(row.t)}: ${this.figuresOf(row)}`);
    }
}
