// What the page knows: rows, events, looks at the processes. It hears lines and knows nothing of the document.

import { EventLog } from './event_log.js';
import { Looks } from './looks.js';
import { firstAt, inOrder, intervalOf, Rows } from './rows.js';

const LIVE_ROWS = 4000;
// As many as a server sends, twice over.
const PAST_ROWS = 8000;
// What was missed comes at once after the line `about`; what comes later is now.
const REPLAY_MS = 5000;
// Fewer points than this on a chart look coarse.
const FINE = 1000;

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {{ since: number, until: number | null }} Request until is null: to the present */

export class Model {
    /** @param {number} [limit] of rows */
    constructor(limit = LIVE_ROWS) {
        /** @type {any} */
        this.about = {};
        this.live = new Rows(limit);
        /** From when on `live` has all there is. */
        this.liveFrom = Infinity;
        /**
         * What was fetched of the time before, or coarser.
         * @type {{ rows: Rows, from: number, until: number, step: number } | null}
         */
        this.past = null;
        this.log = new EventLog();
        this.looks = new Looks();
        this.aboutAt = -Infinity;
        this.rowsSeen = 0;
        this.loads = 0;
    }

    /** Seconds of one row of the stream. */
    get interval() {
        return this.about.interval_seconds > 0 ? this.about.interval_seconds : 1;
    }

    /** @returns {number | undefined} */
    get newest() {
        return this.live.last?.t ?? this.about.t;
    }

    /** Is another one whenever more changed than a row that came at the end. @returns {string} */
    get changes() {
        return `${this.log.version}|${this.loads}`;
    }

    /** From when on the server can tell. @returns {number} */
    get oldest() {
        const ms = Date.parse(this.about.since);
        return Number.isNaN(ms) ? -Infinity : ms / 1000;
    }

    /**
     * A line of the stream.
     * @param {any} line @param {number} now milliseconds of a clock that is never set
     * @returns {'about' | 'row' | 'event' | null} what is new
     */
    feed(line, now) {
        this.looks.feed(line);
        switch (line.type) {
            case 'about':
                this.about = line;
                this.aboutAt = now;
                if (this.live.last && line.t < this.live.last.t - 2 * this.interval) this.setBack(line.t);
                return 'about';
            case 'sample':
                return line.t !== undefined && this.addRow(line, now) ? 'row' : null;
            default:
                return this.log.add(line) ? 'event' : null;
        }
    }

    /** @param {Row} row @param {number} now */
    addRow(row, now) {
        const { last } = this.live;
        if (last && row.t < last.t && !this.live.has(row.t)) {
            const replayed = now - this.aboutAt < REPLAY_MS && row.t <= this.about.t;
            if (!replayed) this.setBack(row.t);
        }
        if (!this.live.add(row)) return false;
        this.rowsSeen++;
        this.liveFrom = Math.min(this.liveFrom, row.t - intervalOf(row));
        this.trimmed();
        return true;
    }

    /** What was forgotten at the beginning of `live` has to be asked for again. */
    trimmed() {
        if (this.live.length >= this.live.limit)
            this.liveFrom = Math.max(this.liveFrom, this.live.first.t - intervalOf(this.live.first));
    }

    /** The clock was set back: one axis of time cannot show both. @param {number} t */
    setBack(t) {
        this.log.add({ type: 'mark', mark: 'clock_step', t, seconds: t - this.live.last.t });
        this.live.cutAfter(t);
        this.liveFrom = Math.min(this.liveFrom, t);
        this.past?.rows.cutAfter(t);
        this.looks.cutAfter(t);
    }

    /**
     * An answer of /api/samples.
     * @param {ReturnType<import('./ndjson.js').sortOut>} lines @param {Request} asked
     * @param {boolean} [fills] it fills a hole in `live`, however coarse it is
     */
    load(lines, asked, fills = false) {
        this.loads++;
        lines.events.forEach((event) => this.log.add(event));
        const rows = inOrder(lines.rows);
        const step = usualInterval(rows);
        if (fills || (asked.until === null && step <= 1.5 * this.interval)) {
            this.live.merge(rows);
            this.liveFrom = Math.min(this.liveFrom, asked.since);
            this.trimmed();
            return;
        }
        const past = new Rows(PAST_ROWS);
        past.merge(rows);
        this.past = { rows: past, from: asked.since, until: asked.until ?? this.newest ?? Infinity, step };
    }

    /** A recording: all there is. @param {ReturnType<import('./ndjson.js').sortOut>} lines */
    loadRecording(lines) {
        this.about = lines.about ?? {};
        this.live.merge(inOrder(lines.rows));
        this.liveFrom = -Infinity;
        lines.events.forEach((event) => this.log.add(event));
        lines.looks.forEach((line) => this.looks.feed(line));
        this.looks.commit();
    }

    /**
     * What has to be fetched to show that range; null if it is there.
     * @param {import('./view.js').Range} range @param {boolean} follows
     * @returns {Request | null}
     */
    missing(range, follows) {
        const span = range.until - range.from;
        const from = Math.max(range.from, this.oldest);
        if (from >= this.liveFrom - this.interval || from >= range.until) return null;
        if (this.past !== null) {
            const { past } = this;
            const slack = past.step + 2 * this.interval;
            const reaches = past.until + slack >= Math.min(range.until, Math.max(this.liveFrom, from));
            const fine =
                past.step <= Math.max(2 * this.interval, span / FINE) || past.until - past.from <= 2 * span;
            if (from >= past.from - slack && reaches && fine) return null;
        }
        // A bit more on either side: the next step back or on may be there already.
        return follows
            ? { since: from, until: null }
            : { since: from - span / 4, until: range.until + span / 4 };
    }

    /** @param {import('./view.js').Range} range @returns {Row[]} */
    rowsIn(range) {
        const { past, live } = this;
        const from = Math.max(range.from, this.oldest);
        if (past === null || past.rows.length === 0 || from >= this.liveFrom - this.interval)
            return live.range(range.from, range.until);
        const old = past.rows.range(range.from, range.until);
        const { last } = past.rows;
        const young =
            range.until <= last.t
                ? []
                : live.range(Math.max(last.t, range.from), range.until).filter((row) => row.t > last.t);
        const begin = old.length > 0 ? old : live.range(range.from, Math.min(past.rows.first.t, range.until));
        return begin === old ? [...old, ...young] : merged(begin, young);
    }

    /** @param {number} t @returns {Row | undefined} */
    rowAt(t) {
        return this.live.at(t) ?? this.past?.rows.at(t);
    }
}

/** Not the longest: a machine that stood still for a moment made a long one. @param {Row[]} rows */
function usualInterval(rows) {
    const intervals = rows.map(intervalOf).sort((a, b) => a - b);
    return intervals[intervals.length >> 1] ?? 0;
}

/** @param {Row[]} rows @param {Row[]} more both sorted */
function merged(rows, more) {
    const last = rows[rows.length - 1];
    return last === undefined ? more : [...rows, ...more.slice(firstAt(more, last.t + 0.0005))];
}
