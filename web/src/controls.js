// Buttons and keys: one row of the table a command. In a recording, what needs a present is not there.

import { byId, el, isUsable, setAttribute, setText, setUsable } from './dom.js';
import { clock, inputTime, span } from './format.js';
import { WINDOWS } from './view.js';

/**
 * @typedef {object} Commands what the page can be told
 * @property {() => void} pause or resume
 * @property {() => void} live
 * @property {(seconds: number) => void} window
 * @property {(way: -1 | 1) => void} shift
 * @property {() => void} resetZoom
 * @property {(t: number) => void} goTo
 * @property {() => void} incident
 * @property {() => void} whole
 *
 * @typedef {object} Status
 * @property {boolean} paused
 * @property {boolean} live
 * @property {boolean} zoomed
 * @property {number} window
 * @property {import('./view.js').Range | null} range null before the first row
 * @property {boolean} older whether there is anything
 * @property {boolean} newer
 * @property {number | null} cursor
 * @property {string | null} trouble
 */

const CHART_KEYS = [
    ['← →', 'on a chart: the cursor, row by row; with Shift by ten'],
    ['Home End', 'on a chart: the first row, the last one'],
    ['+ −', 'on a chart: zoom; a drag of the mouse does it, too'],
    ['Esc', 'on a chart: reset the zoom'],
];

/** Who types there means the letters. @param {any} target */
function takesText(target) {
    return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Who presses space there means the thing itself. @param {any} target */
function takesSpace(target) {
    return target.closest('button, summary, a, input, .scroll, dialog') !== null;
}

/** @param {string} name */
function stored(name) {
    try {
        return localStorage.getItem(name);
    } catch {
        return null; // not allowed here
    }
}

/** @param {string} name @param {string} value */
function store(name, value) {
    try {
        localStorage.setItem(name, value);
    } catch {
        // It lasts as long as the page, then.
    }
}

export class Controls {
    /** @param {Element} root @param {Commands} commands @param {boolean} recording */
    constructor(root, commands, recording) {
        this.commands = commands;
        this.help = byId('help');
        this.keysOn = stored('faultline-keys') !== 'off';
        this.buttons = this.table(recording);
        this.cursor = el('span', { id: 'cursor' });
        this.range = el('p', { id: 'range' }, el('span', { id: 'span' }), ' ', this.cursor);
        this.trouble = el('p', { id: 'trouble', role: 'status' });
        this.goToInput = el('input', {
            id: 'go-to',
            type: 'datetime-local',
            step: 1,
            onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && this.goTo(),
        });
        for (const button of this.buttons) button.element = this.button(button);
        const group = (/** @type {string} */ name, /** @type {string} */ label) =>
            el(
                'div',
                { class: 'group', role: 'group', 'aria-label': label },
                ...this.buttons.filter((button) => button.group === name).map((button) => button.element),
            );
        root.append(
            group('run', 'Run'),
            group('window', 'Window'),
            group('move', 'Move'),
            el(
                'div',
                { class: 'group', role: 'group', 'aria-label': 'Go to a time' },
                el('label', { for: 'go-to' }, 'Go to'),
                this.goToInput,
                el('button', { type: 'button', onclick: () => this.goTo() }, 'Go'),
            ),
            group('help', 'Help'),
            this.range,
            this.trouble,
        );
        this.fillHelp();
        document.addEventListener('keydown', (event) => this.onKey(event));
    }

    /** @param {boolean} recording @returns {any[]} */
    table(recording) {
        const { commands } = this;
        const present = [
            {
                group: 'run',
                id: 'pause',
                key: ' ',
                keyName: 'Space',
                label: 'Pause',
                does: 'pause, and go on',
                run: commands.pause,
            },
            {
                group: 'run',
                id: 'live',
                key: 'l',
                label: 'Live',
                does: 'back to the present',
                run: commands.live,
            },
        ];
        const record = [
            {
                group: 'run',
                id: 'incident',
                key: 'i',
                label: 'Incident',
                does: 'the incident',
                run: commands.incident,
            },
            {
                group: 'run',
                id: 'whole',
                key: 'w',
                label: 'All',
                does: 'the whole recording',
                run: commands.whole,
            },
        ];
        return [
            ...(recording ? record : present),
            ...WINDOWS.map((window, i) => ({
                group: 'window',
                id: `window-${window.label}`,
                key: String(i + 1),
                label: window.label,
                does: `a window of ${window.name}`,
                seconds: window.seconds,
                run: () => commands.window(window.seconds),
            })),
            {
                group: 'move',
                id: 'older',
                key: '[',
                label: '◂ Older',
                does: 'half a window back',
                run: () => commands.shift(-1),
            },
            {
                group: 'move',
                id: 'newer',
                key: ']',
                label: 'Newer ▸',
                does: 'half a window on',
                run: () => commands.shift(1),
            },
            {
                group: 'move',
                id: 'reset-zoom',
                key: 'z',
                label: 'Reset zoom',
                does: 'the whole window again',
                run: commands.resetZoom,
            },
            {
                group: 'help',
                id: 'keys',
                key: '?',
                label: 'Keys ?',
                does: 'this help',
                run: () => this.help.showModal(),
            },
        ];
    }

    /** @param {any} row */
    button(row) {
        return el(
            'button',
            {
                type: 'button',
                id: row.id,
                title: `${row.does} (${row.keyName ?? row.key})`,
                'aria-keyshortcuts': row.keyName ?? row.key,
                onclick: (/** @type {MouseEvent} */ event) =>
                    isUsable(/** @type {Element} */ (event.currentTarget)) && row.run(),
            },
            row.label,
        );
    }

    fillHelp() {
        const rows = [...this.buttons.map((row) => [row.keyName ?? row.key, row.does]), ...CHART_KEYS];
        const keysOn = el('input', {
            type: 'checkbox',
            id: 'keys-on',
            checked: this.keysOn,
            onchange: () => {
                this.keysOn = keysOn.checked;
                store('faultline-keys', this.keysOn ? 'on' : 'off');
            },
        });
        this.help.append(
            el('h2', { id: 'help-title' }, 'Keys'),
            el(
                'table',
                {},
                el(
                    'tbody',
                    {},
                    ...rows.map(([key, does]) =>
                        el('tr', {}, el('th', { scope: 'row' }, el('kbd', {}, key)), el('td', {}, does)),
                    ),
                ),
            ),
            el(
                'p',
                {},
                keysOn,
                ' ',
                el('label', { for: 'keys-on' }, 'Keys work everywhere, not on the charts alone'),
            ),
            el('button', { type: 'button', onclick: () => this.help.close() }, 'Close'),
        );
    }

    goTo() {
        const t = Date.parse(this.goToInput.value) / 1000; // without a zone it is local time
        if (Number.isFinite(t)) this.commands.goTo(t);
    }

    /** @param {KeyboardEvent} event */
    onKey(event) {
        if (
            !this.keysOn ||
            event.ctrlKey ||
            event.altKey ||
            event.metaKey ||
            this.help.open ||
            takesText(event.target)
        )
            return;
        if (event.key === ' ' && takesSpace(event.target)) return;
        const row = this.buttons.find((button) => button.key === event.key);
        if (row === undefined || !isUsable(row.element)) return;
        event.preventDefault();
        row.run();
    }

    /** @param {Status} status */
    draw(status) {
        const usable = {
            live: !status.live || status.paused,
            older: status.older,
            newer: status.newer,
            'reset-zoom': status.zoomed,
        };
        for (const row of this.buttons) {
            if (row.id in usable) setUsable(row.element, /** @type {any} */ (usable)[row.id]);
            if (row.seconds !== undefined)
                setAttribute(
                    row.element,
                    'aria-pressed',
                    String(row.seconds === status.window && !status.zoomed),
                );
            if (row.id === 'pause') {
                setText(row.element, status.paused ? 'Resume' : 'Pause');
                setAttribute(row.element, 'aria-pressed', String(status.paused));
            }
        }
        const { range } = status;
        setText(byId('span'), range === null ? '' : span(range.from, range.until));
        if (range !== null && this.goToInput.value === '')
            this.goToInput.value = inputTime(Math.floor(range.until));
        this.drawCursor(status.cursor);
        setText(this.trouble, status.trouble ?? '');
    }

    /** @param {number | null} t */
    drawCursor(t) {
        setText(this.cursor, t === null ? '' : `· cursor ${clock(t)}`);
    }
}
