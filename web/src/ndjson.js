// Lines of JSON, as the server and a report have them.

/**
 * One line: an object with a type, and its time as a number beside it; or null for what is none of ours. A line that was
 * cut off costs itself alone.
 * @param {string} line
 * @returns {any}
 */
export function parseLine(line) {
    if (line.trim() === '') return null;
    let value;
    try {
        value = JSON.parse(line);
    } catch {
        return null;
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value) || typeof value.type !== 'string')
        return null;
    const ms = typeof value.time === 'string' ? Date.parse(value.time) : NaN;
    if (!Number.isNaN(ms)) value.t = ms / 1000;
    return value;
}

/** @param {string} text @returns {any[]} */
export function parseLines(text) {
    return text
        .split('\n')
        .map(parseLine)
        .filter((value) => value !== null);
}

/**
 * What /api/samples and a recording hold, sorted out. Rows are as they came; `inOrder` of rows.js makes them go forward.
 * @param {any[]} lines
 */
export function sortOut(lines) {
    const out = {
        /** @type {any} */ about: null,
        /** @type {any[]} */ rows: [],
        /** @type {any[]} */ events: [],
        /** @type {any[]} */ looks: [],
        /** @type {string[]} */ reports: [],
    };
    for (const line of lines)
        switch (line.type) {
            case 'about':
                out.about = line;
                break;
            case 'sample':
                if (line.t !== undefined) out.rows.push(line);
                break;
            case 'alert':
            case 'oom_kill':
            case 'mark':
                if (line.t !== undefined) out.events.push(line);
                break;
            case 'top':
            case 'process':
                out.looks.push(line);
                break;
            case 'report':
                out.reports.push(String(line.text ?? ''));
                break;
            default: // of a newer server
        }
    return out;
}
