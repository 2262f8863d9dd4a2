// A page with its data inside: faultline report --html puts it where the page has a place for it.

import { parseLines, sortOut } from './ndjson.js';

/** @returns {ReturnType<typeof sortOut> | null} null: this page is live */
export function readRecording() {
    const element = document.getElementById('recording');
    return element === null ? null : sortOut(parseLines(element.textContent ?? ''));
}

/**
 * When it happened: around the kills, else around the alerts, else all there is.
 * @param {import('./model.js').Model} model
 * @returns {import('./view.js').Range & { t: number }} t: its first moment
 */
export function incidentOf(model) {
    const { first, last } = model.live;
    const begin = first?.t ?? 0;
    const end = last?.t ?? 1;
    const kills = model.log.kills.map((kill) => kill.t);
    const times =
        kills.length > 0
            ? kills
            : model.log.episodes.flatMap((episode) => [episode.t, episode.end ?? episode.last.t]);
    if (times.length === 0) return { from: begin, until: Math.max(end, begin + 1), t: begin };
    const from = Math.min(...times);
    const until = Math.max(...times);
    const margin = Math.max(60, (until - from) / 2);
    return {
        t: from,
        from: Math.max(from - margin, Math.min(begin, from - 5)),
        until: Math.min(until + margin / 2, Math.max(end, until + 5)),
    };
}
