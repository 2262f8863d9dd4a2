// Wires the page: lines come in, the model keeps them, once a second all is drawn of it.

import { Chart } from './chart.js';
import { CHARTS } from './charts.js';
import { Connection } from './connection.js';
import { Controls } from './controls.js';
import { byId, setText } from './dom.js';
import { EventList } from './event_list.js';
import { dateTime, duration, zone } from './format.js';
import { History } from './history.js';
import * as meaning from './meaning.js';
import { Model } from './model.js';
import { ProcessTable } from './process_table.js';
import { incidentOf, readRecording } from './recording.js';
import { visible, visibleLines } from './text.js';
import { onThemeChange } from './theme.js';
import { Tiles } from './tiles.js';
import { View } from './view.js';

const FIRST_WINDOW = 300;
const DRAW_MS = 950;
// More than a chart is wide, and seconds.
const PIXELS = 1200;
const LONGEST_STANDSTILL = 10;
const EVENTS_BACK = 86400;
const PROCESSES = 15;
// A machine that stalls can keep a row for a moment; this is longer.
const LATE_ROWS = 3;

const STATES = {
    connecting: 'Connecting',
    live: 'Live',
    paused: 'Paused',
    back: 'Looking back',
    zoomed: 'Zoomed',
    lost: 'Connection lost',
    recording: 'Recording',
};

class Page {
    /** @param {ReturnType<typeof readRecording>} recording */
    constructor(recording) {
        this.recording = recording !== null;
        this.model = new Model(recording === null ? undefined : Infinity);
        this.view = new View(FIRST_WINDOW);
        this.root = document.documentElement;
        /** @type {'connecting' | 'open' | 'lost'} */
        this.connection = this.recording ? 'open' : 'connecting';
        this.rowAt = performance.now();
        /** @type {string | null} */
        this.trouble = null;
        /** @type {number | null} */
        this.cursor = null;
        this.rowsAtPause = 0;
        this.killsAtPause = 0;
        this.drawnAt = -Infinity;
        /** Of a recording: when it happened. @type {string | undefined} */
        this.when = undefined;
        this.timer = 0;
        this.chartsAt = -Infinity;
        this.chartsOf = '';
        this.tiles = new Tiles(byId('tiles'));
        this.events = new EventList((t) => this.change(() => this.view.goTo(t)));
        this.processes = new ProcessTable();
        this.controls = new Controls(byId('controls'), this.commands(), this.recording);
        this.charts = CHARTS.map((row) => new Chart(row, this.chartHost()));
        byId('charts').append(...this.charts.map((chart) => chart.root));
        this.charts.forEach((chart) => chart.mount());
        onThemeChange(() => this.charts.forEach((chart) => chart.redraw()));
        document.addEventListener('visibilitychange', () => this.soon());
    }

    get newest() {
        return this.model.newest ?? 0;
    }

    /** @returns {import('./controls.js').Commands} */
    commands() {
        const { view } = this;
        return {
            pause: () => this.change(() => (view.paused ? view.resume() : this.pause())),
            live: () => this.change(() => view.follow()),
            window: (seconds) => this.change(() => view.setWindow(seconds, this.newest)),
            shift: (way) => this.change(() => view.shift(way, this.recording ? Infinity : this.newest)),
            resetZoom: () => this.change(() => view.resetZoom()),
            goTo: (t) => this.change(() => view.goTo(t)),
            incident: () => this.change(() => this.showIncident()),
            whole: () => this.change(() => this.showWhole()),
        };
    }

    /** @returns {import('./chart.js').ChartHost} */
    chartHost() {
        return {
            zoom: (from, until) => this.change(() => this.view.zoom(from, until)),
            zoomBy: (factor, t) => this.change(() => this.view.zoomBy(factor, t, this.newest)),
            resetZoom: () => this.change(() => this.view.resetZoom()),
            cursorAt: (t) => {
                this.cursor = t;
                this.controls.drawCursor(t);
                if (this.recording) this.drawMoment();
            },
            say: (text) => setText(byId('say'), text),
        };
    }

    pause() {
        this.view.pause(this.newest);
        this.rowsAtPause = this.model.rowsSeen;
        this.killsAtPause = this.model.log.kills.length;
    }

    showIncident() {
        const { from, until } = incidentOf(this.model);
        this.view.unzoomed = null;
        this.view.fixed = { from, until };
    }

    showWhole() {
        const { first, last } = this.model.live;
        this.view.unzoomed = null;
        this.view.fixed = { from: (first?.t ?? 0) - 1, until: last?.t ?? 1 };
    }

    /** What the reader does is seen at once. @param {() => void} change */
    change(change) {
        change();
        this.draw(true);
    }

    /** Drawing what comes by itself can wait: once a second, and not at all where nobody looks. */
    soon() {
        if (this.timer !== 0 || document.hidden) return;
        const wait = Math.max(0, this.drawnAt + DRAW_MS - performance.now());
        this.timer = setTimeout(() => requestAnimationFrame(() => this.draw()), wait);
    }

    /** @param {boolean} [asked] by the reader, or by what changed more than a row */
    draw(asked = false) {
        clearTimeout(this.timer);
        this.timer = 0;
        this.drawnAt = performance.now();
        const { model, view } = this;
        const range = model.newest === undefined ? { from: 0, until: 1 } : view.range(this.newest);
        if (!this.recording && model.newest !== undefined) {
            const missing = model.missing(range, view.live);
            if (missing !== null) this.history?.want(missing);
        }
        const frame = this.frame(range);
        if (this.chartsDue(range, asked)) this.charts.forEach((chart) => chart.draw(frame));
        this.events.draw(model.log, range, view.pausedAt ?? Infinity, this.newest);
        this.drawMoment();
        this.drawControls(range);
        this.drawState();
        this.root.dataset.rows = String(frame.rows.length);
        this.root.dataset.newest = String(frame.rows[frame.rows.length - 1]?.t ?? '');
    }

    /**
     * Charts of many hours are not drawn anew each second: it takes longer until a row moves them by a pixel.
     * @param {import('./view.js').Range} range @param {boolean} asked
     */
    chartsDue(range, asked) {
        const now = performance.now();
        const pause = Math.min((range.until - range.from) / PIXELS, LONGEST_STANDSTILL) * 1000;
        const due = asked || this.chartsOf !== this.model.changes || now - this.chartsAt >= pause;
        if (due) {
            this.chartsAt = now;
            this.chartsOf = this.model.changes;
        }
        return due;
    }

    /**
     * What the charts show; where the page was paused, nothing that came after.
     * @param {import('./view.js').Range} range
     */
    frame(range) {
        const { model, view } = this;
        const end = view.pausedAt ?? Infinity;
        const rows = model.rowsIn(range);
        return {
            ...range,
            rows:
                rows.length > 0 && rows[rows.length - 1].t > end ? rows.filter((row) => row.t <= end) : rows,
            marks: model.log.between(range.from, Math.min(range.until, end)),
            about: model.about,
        };
    }

    /** What is shown of one moment: now; where the page stopped; in a recording, where the cursor is. */
    drawMoment() {
        const { model, view } = this;
        const t = this.recording ? (this.cursor ?? incidentOf(model).t) : (view.pausedAt ?? this.newest);
        const kills = this.recording
            ? model.log.kills
            : model.log.kills.filter((kill) => kill.t <= (view.pausedAt ?? Infinity));
        this.tiles.draw({ row: model.rowAt(t) ?? {}, about: model.about, kills });
        const until = view.live || this.recording ? t : view.range(this.newest).until;
        this.processes.draw(model.looks.at(view.live && !this.recording ? Infinity : until));
    }

    /** @param {import('./view.js').Range} range */
    drawControls(range) {
        const { model, view } = this;
        const oldest = this.recording ? (model.live.first?.t ?? 0) : model.oldest;
        this.controls.draw({
            paused: view.paused,
            live: view.live,
            zoomed: view.zoomed,
            window: this.recording ? range.until - range.from : view.window,
            range: model.newest === undefined ? null : range,
            older: range.from > oldest,
            newer: !view.live && range.until < this.newest,
            cursor: this.cursor,
            trouble: this.trouble,
        });
    }

    /** @returns {keyof typeof STATES} */
    state() {
        const { view } = this;
        if (this.recording) return 'recording';
        if (this.connection !== 'open') return this.connection;
        if (view.paused) return 'paused';
        return view.live ? 'live' : view.zoomed ? 'zoomed' : 'back';
    }

    drawState() {
        const state = this.state();
        this.root.dataset.state = state;
        const late = (performance.now() - this.rowAt) / 1000;
        const rows = this.model.rowsSeen - this.rowsAtPause;
        const kills = this.model.log.kills.length - this.killsAtPause;
        setText(byId('state-text'), STATES[state]);
        let age = this.when ?? '';
        if (state === 'paused')
            age = `${rows} rows${kills > 0 ? `, ${kills} OOM kill${kills > 1 ? 's' : ''}` : ''} since`;
        else if (
            !this.recording &&
            this.model.live.last &&
            (state === 'lost' || late > LATE_ROWS * this.model.interval)
        )
            age = `last row ${duration(Math.round(late))} ago`;
        setText(byId('age'), age);
        const lost = byId('lost');
        lost.hidden = state !== 'lost';
        setText(
            lost,
            state !== 'lost'
                ? ''
                : this.model.live.last === undefined
                  ? 'There is no connection to faultline. It is tried again and again.'
                  : 'The connection to faultline is lost. What you see is as old as its last row; ' +
                    'the rest is fetched when it is back.',
        );
    }

    drawAbout() {
        const { about } = this.model;
        const host = visible(about.host ?? location.hostname);
        setText(byId('host'), host);
        setText(
            byId('machine'),
            [
                about.kernel && `Linux ${visible(about.kernel)}`,
                about.version && `faultline ${visible(about.version)}`,
            ]
                .filter(Boolean)
                .join(' · '),
        );
        document.title = `${host} · faultline`;
    }

    /** @param {URL} base */
    connect(base) {
        const url = new URL('api/stream', base);
        url.searchParams.set('processes', String(PROCESSES));
        this.history = new History(base, this.model, {
            loaded: () => this.soon(),
            failed: (why) => {
                this.trouble = why === null ? null : `What was before could not be fetched: ${visible(why)}`;
                this.soon();
            },
        });
        this.stream = new Connection(url.href, {
            line: (line) => this.onLine(line),
            state: (state) => {
                const changed = this.connection !== state;
                this.connection = state;
                if (changed) this.drawState();
            },
        });
        setInterval(() => this.drawState(), 1000);
    }

    /** @param {any} line */
    onLine(line) {
        const before = this.model.live.last?.t;
        const isNew = this.model.feed(line, performance.now());
        if (isNew === 'about') this.onAbout(line, before);
        else if (isNew === 'row') this.rowAt = performance.now();
        else if (isNew === 'event') this.announce(line);
        if (isNew !== null) this.soon();
    }

    /** @param {any} about @param {number | undefined} before the newest row before it */
    onAbout(about, before) {
        this.drawAbout();
        if (this.stream) this.stream.patience = 8000 + 3000 * this.model.interval;
        if (before !== undefined && about.t > before + this.model.interval) this.history?.fill(before);
        else if (about.t !== undefined) this.history?.events(about.t - EVENTS_BACK, about.t);
    }

    /** @param {any} line */
    announce(line) {
        if (line.t < (this.model.about.t ?? 0) - 2 || line.state === 'continue') return;
        setText(
            byId('say-event'),
            visible(
                line.message ??
                    (line.type === 'oom_kill' ? `OOM kill: ${meaning.victimOf(line)}` : line.mark),
            ),
        );
    }

    /** @param {NonNullable<ReturnType<typeof readRecording>>} recording */
    show(recording) {
        const { model } = this;
        model.loadRecording(recording);
        this.drawAbout();
        const incident = incidentOf(model);
        const when = model.live.length > 0 ? `${dateTime(incident.t)} ${zone(incident.t)}` : 'no rows';
        this.when = when;
        document.title = `${visible(model.about.host ?? 'faultline')} · ${when} · faultline report`;
        setText(byId('state-text'), STATES.recording);
        byId('report').hidden = recording.reports.length === 0;
        setText(byId('report-text'), visibleLines(recording.reports.join('\n\n')));
        this.showIncident();
        this.draw();
    }
}

const recording = readRecording();
const page = new Page(recording);
if (recording === null)
    // Not relative to the document: its address may hold a password, and fetch() refuses such a one.
    page.connect(new URL('.', location.origin + location.pathname));
else page.show(recording);
