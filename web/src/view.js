// Which stretch of time the page shows. It knows no rows and no clock: `newest` and `oldest` are handed in.

export const WINDOWS = [
    { seconds: 60, label: '1m', name: 'one minute' },
    { seconds: 300, label: '5m', name: '5 minutes' },
    { seconds: 900, label: '15m', name: '15 minutes' },
    { seconds: 3600, label: '1h', name: 'one hour' },
    { seconds: 21600, label: '6h', name: '6 hours' },
    { seconds: 86400, label: '24h', name: '24 hours' },
];

const SHORTEST = 2;
const LONGEST = 86400;

/** @typedef {{ from: number, until: number }} Range */

export class View {
    /** @param {number} window seconds */
    constructor(window) {
        this.window = window;
        /** Null follows the newest row. @type {Range | null} */
        this.fixed = null;
        /** What was shown before the zoom. @type {{ fixed: Range | null } | null} */
        this.unzoomed = null;
        /** Since when the reader wants to see nothing new. @type {number | null} */
        this.pausedAt = null;
        this.followsAfterPause = false;
    }

    get live() {
        return this.fixed === null;
    }

    get paused() {
        return this.pausedAt !== null;
    }

    get zoomed() {
        return this.unzoomed !== null;
    }

    /** @param {number} newest @returns {Range} */
    range(newest) {
        return this.fixed ?? { from: newest - this.window, until: newest };
    }

    /** @param {number} window @param {number} newest */
    setWindow(window, newest) {
        const { until } = this.unzoomed?.fixed ?? this.range(newest);
        const follows = this.unzoomed ? this.unzoomed.fixed === null : this.live;
        this.window = window;
        this.unzoomed = null;
        this.fixed = follows ? null : { from: until - window, until };
    }

    /** @param {number} from @param {number} until */
    zoom(from, until) {
        const middle = (from + until) / 2;
        const half = Math.min(Math.max(until - from, SHORTEST), LONGEST) / 2;
        this.unzoomed ??= { fixed: this.fixed };
        this.fixed = { from: middle - half, until: middle + half };
    }

    /**
     * Nearer (below 1) or farther, around t.
     * @param {number} factor
     * @param {number} t
     * @param {number} newest
     */
    zoomBy(factor, t, newest) {
        const { from, until } = this.range(newest);
        const around = Math.min(Math.max(t, from), until);
        this.zoom(around - (around - from) * factor, around + (until - around) * factor);
    }

    resetZoom() {
        if (this.unzoomed) this.fixed = this.unzoomed.fixed;
        this.unzoomed = null;
    }

    /**
     * Half a window back (-1) or on (1); on beyond the newest row is live again.
     * @param {-1 | 1} way
     * @param {number} newest
     */
    shift(way, newest) {
        const { from, until } = this.range(newest);
        const step = (way * (until - from)) / 2;
        if (way > 0 && until + step >= newest && !this.paused && !this.zoomed) this.follow();
        else this.fixed = { from: from + step, until: until + step };
    }

    /** A window around that time. @param {number} t */
    goTo(t) {
        this.unzoomed = null;
        this.fixed = { from: t - this.window / 2, until: t + this.window / 2 };
    }

    /** Shows what there is just now, and goes on with it. */
    follow() {
        this.fixed = null;
        this.unzoomed = null;
        this.pausedAt = null;
    }

    /** @param {number} newest */
    pause(newest) {
        if (this.paused) return;
        this.pausedAt = newest;
        this.followsAfterPause = this.live || this.unzoomed?.fixed === null;
        if (this.live) this.fixed = this.range(newest);
        else if (this.unzoomed?.fixed === null)
            this.unzoomed.fixed = { from: newest - this.window, until: newest };
    }

    resume() {
        this.pausedAt = null;
        if (!this.followsAfterPause) return;
        if (this.unzoomed) this.unzoomed.fixed = null;
        else this.follow();
    }
}
