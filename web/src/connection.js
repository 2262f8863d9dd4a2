// The stream of the server. It comes back by itself, whatever happens to it: the browser's own reconnection, a new stream
// where the browser gave up, and a new one where nothing came for too long, as of a machine that vanished.

import { parseLine } from './ndjson.js';

const FIRST_PAUSE = 2000;
const LONGEST_PAUSE = 30000;

export class Connection {
    /**
     * @param {string} url
     * @param {{ line: (line: any) => void, state: (state: 'open' | 'lost') => void }} listener
     */
    constructor(url, listener) {
        this.url = url;
        this.listener = listener;
        this.pause = FIRST_PAUSE;
        /** Milliseconds without a line after which a connection counts as dead. */
        this.patience = 10000;
        this.heardAt = performance.now();
        /** @type {EventSource | null} */
        this.source = null;
        this.retry = 0;
        setInterval(() => this.watch(), 1000);
        addEventListener('online', () => this.open());
        this.open();
    }

    open() {
        clearTimeout(this.retry);
        this.source?.close();
        this.heardAt = performance.now();
        const source = new EventSource(this.url);
        this.source = source;
        source.onmessage = (event) => {
            const line = parseLine(event.data);
            this.heardAt = performance.now();
            this.pause = FIRST_PAUSE;
            this.listener.state('open');
            if (line !== null) this.listener.line(line);
        };
        source.onerror = () => {
            this.listener.state('lost');
            if (source.readyState === EventSource.CLOSED) this.openLater();
        };
    }

    openLater() {
        clearTimeout(this.retry);
        this.heardAt = performance.now() + this.pause;
        this.retry = setTimeout(() => this.open(), this.pause);
        this.pause = Math.min(this.pause * 1.6, LONGEST_PAUSE);
    }

    watch() {
        if (performance.now() - this.heardAt <= this.patience) return;
        this.listener.state('lost');
        this.open();
    }
}
