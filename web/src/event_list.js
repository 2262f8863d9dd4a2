// The list of alerts and OOM kills, newest first. An alert is one entry from its begin to its end.

import { bytes, clock, dateTime, day, isNumber } from './format.js';
import { byId, el, setAttribute, setText } from './dom.js';
import * as meaning from './meaning.js';
import { visible } from './text.js';

const MOST = 100;

/**
 * @typedef {{ key: string, t: number, kind: 'kill' | 'alert' | 'mark', changes: string, fill: () => Node[] }} Entry
 */

/** @param {{ name: string, means: string, help: string } | null} diagnosis */
function diagnosisParts(diagnosis) {
    return diagnosis === null
        ? []
        : [
              el(
                  'p',
                  { class: 'diagnosis' },
                  el('b', {}, diagnosis.name),
                  `: ${diagnosis.means}. To try: ${diagnosis.help}.`,
              ),
          ];
}

/** Words of others, which turn no line around. @param {string} text */
function foreign(text) {
    return el('span', { class: 'foreign' }, visible(text));
}

/** @param {any[]} tasks of a kill */
function taskTable(tasks) {
    return el(
        'details',
        { class: 'tasks' },
        el('summary', {}, 'Largest tasks at that time'),
        el(
            'div',
            { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Largest tasks' },
            el(
                'table',
                {},
                el(
                    'thead',
                    {},
                    el(
                        'tr',
                        {},
                        ...['command', 'pid', 'resident', 'swap', 'adj'].map((name) =>
                            el('th', { scope: 'col' }, name),
                        ),
                    ),
                ),
                el(
                    'tbody',
                    {},
                    ...tasks.map((task) =>
                        el(
                            'tr',
                            {},
                            el('th', { scope: 'row' }, el('bdi', {}, visible(task.comm ?? '?'))),
                            ...[
                                task.pid,
                                bytes(task.rss_bytes),
                                bytes(task.swap_bytes),
                                task.oom_score_adj ?? '–',
                            ].map((cell) => el('td', {}, visible(cell))),
                        ),
                    ),
                ),
            ),
        ),
    );
}

/** @param {any} kill @returns {Node[]} */
function fillKill(kill) {
    const facts = meaning.killFacts(kill);
    const tasks = Array.isArray(kill.tasks)
        ? kill.tasks.filter((/** @type {any} */ task) => task && typeof task === 'object')
        : [];
    return [
        el('strong', { class: 'what' }, 'OOM kill'),
        ' ',
        el('bdi', { class: 'victim' }, visible(meaning.victimOf(kill))),
        el(
            'p',
            {},
            foreign(facts.length > 0 ? facts.join(', ') : (kill.message ?? 'The kernel did not say more.')),
        ),
        ...diagnosisParts(meaning.diagnosisOfKill(kill)),
        ...(tasks.length > 0 ? [taskTable(tasks)] : []),
    ];
}

/** @param {import('./event_log.js').Episode} episode @param {number} now @returns {Node[]} */
function fillAlert(episode, now) {
    const title = meaning.alertOf(episode.alert)?.title ?? String(episode.alert);
    return [
        el('strong', { class: 'what' }, visible(title)),
        ' ',
        el('span', { class: 'lasted' }, meaning.episodeTime(episode, now)),
        el('p', {}, foreign(episode.told.message ?? '')),
        ...diagnosisParts(meaning.diagnosisOf(episode.told.diagnosis)),
    ];
}

/** @param {import('./event_log.js').EventLog} log @param {number} now @returns {Entry[]} oldest first */
function entries(log, now) {
    /** @type {Entry[]} */
    const out = [];
    for (const kill of log.kills)
        out.push({
            key: `kill|${kill.t}|${kill.pid}|${kill.comm}`,
            t: kill.t,
            kind: 'kill',
            changes: '',
            fill: () => fillKill(kill),
        });
    for (const episode of log.episodes)
        out.push({
            key: `alert|${episode.t}|${episode.alert}`,
            t: episode.t,
            kind: 'alert',
            changes: `${episode.last.t}${episode.last.state}${meaning.goesOn(episode, now)}`,
            fill: () => fillAlert(episode, now),
        });
    for (const mark of log.marks)
        out.push({
            key: `mark|${mark.t}|${mark.mark}`,
            t: mark.t,
            kind: 'mark',
            changes: '',
            fill: () => [el('span', { class: 'what' }, visible(meaning.markText(mark)))],
        });
    return out.sort((a, b) => a.t - b.t);
}

export class EventList {
    /** @param {(t: number) => void} goTo */
    constructor(goTo) {
        this.goTo = goTo;
        this.list = byId('event-list');
        /** @type {Map<string, { root: any, body: any, changes: string }>} */
        this.made = new Map();
        this.drawn = '';
        /** @type {Entry[]} */
        this.entries = [];
    }

    /**
     * @param {import('./event_log.js').EventLog} log
     * @param {import('./view.js').Range} range what the charts show
     * @param {number} until nothing newer: the page is paused
     * @param {number} now time of the newest row
     */
    draw(log, range, until, now) {
        const goOn = log.episodes.filter((episode) => meaning.goesOn(episode, now)).length;
        const drawn = `${log.version}|${until}|${goOn}`;
        if (drawn !== this.drawn) {
            this.drawn = drawn;
            this.entries = entries(log, now).filter((entry) => entry.t <= until);
            this.fill();
        }
        for (const entry of this.entries.slice(-MOST)) {
            const made = this.made.get(entry.key);
            if (made) setAttribute(made.root, 'data-shown', entry.t >= range.from && entry.t <= range.until);
        }
    }

    fill() {
        const shown = this.entries.slice(-MOST).reverse();
        const kept = new Map();
        // What is there stays where it is: the keyboard may be in it.
        let before = /** @type {any} */ (null);
        for (const entry of shown) {
            const made = this.made.get(entry.key) ?? this.make(entry);
            if (made.changes !== entry.changes) {
                made.body.replaceChildren(...entry.fill());
                made.changes = entry.changes;
            }
            kept.set(entry.key, made);
            const place = before === null ? this.list.firstChild : before.nextSibling;
            if (made.root !== place) this.list.insertBefore(made.root, place);
            before = made.root;
        }
        for (const [key, made] of this.made) if (!kept.has(key)) made.root.remove();
        this.made = kept;
        byId('no-events').hidden = shown.length > 0;
        const more = byId('more-events');
        more.hidden = this.entries.length <= shown.length;
        setText(more, `${this.entries.length - shown.length} older ones are known and not listed.`);
    }

    /** @param {Entry} entry */
    make(entry) {
        const old = day(entry.t) !== day(Date.now() / 1000);
        const body = el('div', { class: 'body' }, ...entry.fill());
        const root = el(
            'li',
            { class: `event ${entry.kind}`, 'data-kind': entry.kind },
            el(
                'button',
                {
                    type: 'button',
                    class: 'when',
                    title: 'Show it on the charts',
                    onclick: () => this.goTo(entry.t),
                },
                isNumber(entry.t) ? (old ? dateTime(entry.t) : clock(entry.t)) : '?',
            ),
            body,
        );
        return { root, body, changes: entry.changes };
    }
}
