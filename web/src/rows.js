// Rows (the server's samples) by time: bounded, each time once.

/**
 * @typedef {object} Row a line of type "sample": a key that is not there is not known
 * @property {number} t unix seconds, the end of the interval
 * @property {number} interval_seconds
 */

/** Where in the sorted rows the first at or after t stands. @param {Row[]} rows @param {number} t */
export function firstAt(rows, t) {
    let low = 0;
    let high = rows.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (rows[middle].t < t) low = middle + 1;
        else high = middle;
    }
    return low;
}

/** @param {Row} row */
export function intervalOf(row) {
    return row.interval_seconds > 0 ? row.interval_seconds : 1;
}

/**
 * Rows in the order in which they came, made to go forward in time: where the clock was set back, what is stamped with a
 * later time than what came after it has to go, as a chart has one axis of time.
 * @param {Row[]} rows
 */
export function inOrder(rows) {
    /** @type {Row[]} */
    const out = [];
    for (const row of rows) {
        while (out.length > 0 && out[out.length - 1].t >= row.t) out.pop();
        out.push(row);
    }
    return out;
}

export class Rows {
    /** @param {number} limit how many are kept, the newest */
    constructor(limit) {
        this.limit = limit;
        /** @type {Row[]} */
        this.rows = [];
    }

    get length() {
        return this.rows.length;
    }

    get first() {
        return this.rows[0];
    }

    get last() {
        return this.rows[this.rows.length - 1];
    }

    clear() {
        this.rows = [];
    }

    /** @param {number} t */
    has(t) {
        const at = firstAt(this.rows, t);
        return at < this.rows.length && this.rows[at].t === t;
    }

    /** Adds one that is new, wherever it belongs. @param {Row} row @returns whether it was new */
    add(row) {
        const at = firstAt(this.rows, row.t);
        if (at < this.rows.length && this.rows[at].t === row.t) return false;
        this.rows.splice(at, 0, row);
        // Not one by one: each would move all the others.
        if (this.rows.length > this.limit * 1.1) this.trim();
        return true;
    }

    /** Adds those whose times are new. @param {Row[]} batch sorted by time */
    merge(batch) {
        if (batch.length === 0) return;
        /** @type {Row[]} */
        const out = [];
        let i = 0;
        for (const row of batch) {
            while (i < this.rows.length && this.rows[i].t < row.t) out.push(this.rows[i++]);
            if (i < this.rows.length && this.rows[i].t === row.t) continue;
            if (out.length === 0 || out[out.length - 1].t < row.t) out.push(row);
        }
        while (i < this.rows.length) out.push(this.rows[i++]);
        this.rows = out;
        this.trim();
    }

    trim() {
        if (this.rows.length > this.limit) this.rows.splice(0, this.rows.length - this.limit);
    }

    /** Forgets what is later than t: the clock was set back. @param {number} t */
    cutAfter(t) {
        this.rows.length = Math.min(this.rows.length, firstAt(this.rows, t + 0.0005));
    }

    /**
     * Those within, and one on either side, so that a line runs to the edge of its chart.
     * @param {number} from @param {number} until
     */
    range(from, until) {
        const begin = firstAt(this.rows, from);
        const end = firstAt(this.rows, until + 0.0005);
        return this.rows.slice(Math.max(0, begin - 1), Math.min(this.rows.length, end + 1));
    }

    /** The newest at or before t. @param {number} t */
    at(t) {
        return this.rows[firstAt(this.rows, t + 0.0005) - 1];
    }
}

/** Whether rows are missing between the two. @param {Row} before @param {Row} row */
export function isHole(before, row) {
    const interval = intervalOf(row);
    return row.t - interval - before.t > Math.max(0.5, interval / 2);
}

/**
 * Rows of a chart as uPlot takes them: times, and one array for each key; null where there is nothing.
 * @param {Row[]} rows @param {string[]} keys
 * @returns {(number | null)[][]}
 */
export function columns(rows, keys) {
    /** @type {(number | null)[][]} */
    const out = [[], ...keys.map(() => [])];
    rows.forEach((row, i) => {
        if (i > 0 && isHole(rows[i - 1], row)) {
            out[0].push(rows[i - 1].t + 0.001);
            for (let k = 0; k < keys.length; k++) out[k + 1].push(null);
        }
        out[0].push(row.t);
        keys.forEach((key, k) => {
            const value = /** @type {any} */ (row)[key];
            out[k + 1].push(typeof value === 'number' && Number.isFinite(value) ? value : null);
        });
    });
    return out;
}
