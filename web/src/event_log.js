// Alerts, OOM kills, and where the record does not just go on: each once, in the order of time, bounded.

const LIMITS = { oom_kill: 500, alert: 2000, mark: 500 };

/** What makes two lines the same one: they are told again after a reconnection. @param {any} event */
function keyOf(event) {
    switch (event.type) {
        case 'oom_kill':
            return `${event.t}|${event.pid ?? ''}|${event.comm ?? ''}|${event.kills ?? ''}`;
        case 'alert':
            return `${event.t}|${event.alert}|${event.state}`;
        default:
            return `${event.t}|${event.mark}`;
    }
}

/**
 * @typedef {object} Episode an alert from its begin to its end, as far as it is known
 * @property {string} alert
 * @property {number} t when it began
 * @property {number | null} end null while it goes on
 * @property {boolean} cut another one began, and its end was never heard of
 * @property {any} told the line that says most: the last before its end
 * @property {any} last
 */

/**
 * @param {any[]} alerts lines, sorted by time
 * @returns {Episode[]}
 */
export function episodes(alerts) {
    /** @type {Episode[]} */
    const out = [];
    /** @type {Map<string, Episode>} */
    const open = new Map();
    for (const line of alerts) {
        let episode = open.get(line.alert);
        if (episode === undefined || line.state === 'begin') {
            // Who comes late did not see it begin; the line says how long it has lasted.
            const seen =
                line.state !== 'begin' && line.duration_seconds > 0 ? line.t - line.duration_seconds : line.t;
            if (episode !== undefined) episode.cut = true;
            episode = { cut: false, alert: line.alert, t: seen, end: null, told: line, last: line };
            out.push(episode);
            open.set(line.alert, episode);
        }
        episode.last = line;
        if (line.state === 'end') {
            episode.end = line.t;
            open.delete(line.alert);
        } else {
            episode.told = line;
        }
    }
    return out;
}

export class EventLog {
    constructor() {
        /** @type {{ [type: string]: any[] }} */
        this.lines = { oom_kill: [], alert: [], mark: [] };
        /** @type {{ [type: string]: Set<string> }} */
        this.keys = { oom_kill: new Set(), alert: new Set(), mark: new Set() };
        /** Counts what has been added, for those who look whether there is something new. */
        this.version = 0;
        /** @type {Episode[]} */
        this.folded = [];
        this.foldedVersion = 0;
    }

    /** @param {any} event @returns whether it is new */
    add(event) {
        const lines = this.lines[event.type];
        const keys = this.keys[event.type];
        if (lines === undefined || event.t === undefined) return false;
        const key = keyOf(event);
        if (keys.has(key)) return false;
        const limit = /** @type {any} */ (LIMITS)[event.type];
        if (lines.length >= limit && event.t < lines[0].t) return false;
        let at = lines.length;
        while (at > 0 && lines[at - 1].t > event.t) at--;
        lines.splice(at, 0, event);
        keys.add(key);
        if (lines.length > limit) keys.delete(keyOf(lines.shift()));
        this.version++;
        return true;
    }

    get kills() {
        return this.lines.oom_kill;
    }

    get marks() {
        return this.lines.mark;
    }

    /** @returns {Episode[]} */
    get episodes() {
        if (this.foldedVersion !== this.version) {
            this.folded = episodes(this.lines.alert);
            this.foldedVersion = this.version;
        }
        return this.folded;
    }

    /**
     * What there is to mark on a chart within that time, and alerts that reach into it.
     * @param {number} from @param {number} until
     * @returns {{ t: number, kind: 'kill' | 'alert' | 'mark', name: string, end?: number }[]}
     */
    between(from, until) {
        const within = (/** @type {{ t: number }} */ event) => event.t >= from && event.t <= until;
        const lasts = (/** @type {Episode} */ episode) => episode.end ?? episode.last.t;
        return [
            ...this.marks
                .filter(within)
                .map((m) => ({ t: m.t, kind: /** @type {const} */ ('mark'), name: m.mark })),
            ...this.episodes
                .filter((e) => e.t <= until && lasts(e) >= from)
                .map((e) => ({ t: e.t, kind: /** @type {const} */ ('alert'), name: e.alert, end: lasts(e) })),
            ...this.kills
                .filter(within)
                .map((k) => ({ t: k.t, kind: /** @type {const} */ ('kill'), name: k.comm ?? '' })),
        ];
    }
}
