// Asks the server for rows that the stream did not bring: what was before, and what was missed.

import { parseLines, sortOut } from './ndjson.js';

const SETTLE_MS = 120;
const RETRY_MS = 8000;

/** @param {URL} url @param {AbortSignal} [signal] */
async function fetchLines(url, signal) {
    const response = await fetch(url, { signal, headers: { accept: 'application/x-ndjson' } });
    if (!response.ok) throw new Error(`${response.status} ${(await response.text()).slice(0, 200).trim()}`);
    return sortOut(parseLines(await response.text()));
}

export class History {
    /**
     * @param {URL} base of the server
     * @param {import('./model.js').Model} model
     * @param {{ loaded: () => void, failed: (why: string | null) => void }} listener
     */
    constructor(base, model, listener) {
        this.base = base;
        this.model = model;
        this.listener = listener;
        /** @type {AbortController | null} */
        this.running = null;
        /** @type {string} */
        this.wanted = '';
        this.timer = 0;
        this.filling = false;
        this.fillTimer = 0;
    }

    /** @param {import('./model.js').Request} asked @param {number} [every] seconds */
    url(asked, every) {
        const url = new URL('api/samples', this.base);
        url.searchParams.set('since', asked.since.toFixed(3));
        if (asked.until !== null) url.searchParams.set('until', asked.until.toFixed(3));
        if (every !== undefined) url.searchParams.set('every', String(every));
        return url;
    }

    /**
     * Fetches it, unless it is being fetched; what was wanted before is not wanted any more. May be called with each
     * drawing: the present moves on while an answer is on its way.
     * @param {import('./model.js').Request} asked
     */
    want(asked) {
        const key =
            asked.until === null ? `${Math.round(asked.since / 60)}` : `${asked.since}-${asked.until}`;
        if (key === this.wanted) return;
        this.wanted = key;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.load(asked, key), SETTLE_MS);
    }

    /** @param {import('./model.js').Request} asked @param {string} key */
    async load(asked, key) {
        this.running?.abort();
        const running = new AbortController();
        this.running = running;
        try {
            this.model.load(await fetchLines(this.url(asked), running.signal), asked);
            this.listener.failed(null);
            this.forget(key);
            this.listener.loaded();
        } catch (error) {
            if (running.signal.aborted) return;
            this.listener.failed(/** @type {Error} */ (error).message);
            setTimeout(() => this.forget(key), RETRY_MS);
        }
    }

    /** @param {string} key */
    forget(key) {
        if (this.wanted === key) this.wanted = '';
    }

    /**
     * What came since that time, while nothing was heard. Asks until it is answered.
     * @param {number} since
     */
    async fill(since) {
        if (this.filling) return;
        this.filling = true;
        clearTimeout(this.fillTimer);
        try {
            const asked = { since, until: null };
            this.model.load(await fetchLines(this.url(asked)), asked, true);
            this.listener.loaded();
        } catch {
            this.fillTimer = setTimeout(() => this.fill(since), RETRY_MS);
        } finally {
            this.filling = false;
        }
    }

    /** The events of so long, with as few rows as can be. @param {number} since @param {number} until */
    async events(since, until) {
        try {
            const lines = await fetchLines(this.url({ since, until }, 3600));
            lines.events.forEach((event) => this.model.log.add(event));
            this.listener.loaded();
        } catch {
            // The rows' own fetch tells what is wrong.
        }
    }
}
