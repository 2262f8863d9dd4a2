import assert from 'node:assert/strict';
import test from 'node:test';
import { Model } from '../src/model.js';
import { sortOut } from '../src/ndjson.js';

/** @param {number} t */
const row = (t, interval = 1) => ({ type: 'sample', t, interval_seconds: interval });
/** @param {number} from @param {number} until */
const rows = (from, until, step = 1) => {
    const out = [];
    for (let t = from; t <= until; t += step) out.push(row(t, step));
    return out;
};
/** @param {Model} model */
const times = (model) => model.live.rows.map((one) => one.t);

/** A model that has heard rows from 1000 to 1010. */
function heard() {
    const model = new Model();
    model.feed({ type: 'about', t: 999.5, interval_seconds: 1, since: '1970-01-01T00:00:01.000Z' }, 0);
    for (let t = 1000; t <= 1010; t++) model.feed(row(t), (t - 999) * 1000);
    return model;
}

test('rows that are told again are no new rows', () => {
    const model = heard();
    model.feed({ type: 'about', t: 1015, interval_seconds: 1 }, 16000);
    for (const t of [1009, 1010, 1011, 1012]) model.feed(row(t), 16010);
    assert.equal(model.live.length, 13);
    assert.equal(model.log.marks.length, 0);
});

test('a hole is filled, by the replay and by what is fetched', () => {
    const model = heard();
    model.feed({ type: 'about', t: 1015, interval_seconds: 1 }, 16000);
    model.load(sortOut(rows(1011, 1015)), { since: 1010, until: null }, true);
    model.feed(row(1012.5), 16010); // a replay between rows that were fetched
    model.feed(row(1016), 17000);
    assert.deepEqual(times(model).slice(10), [1010, 1011, 1012, 1012.5, 1013, 1014, 1015, 1016]);
});

test('a clock that is set back', () => {
    const model = heard();
    model.feed(row(1005.5), 12000);
    model.feed(row(1006.5), 13000);
    assert.deepEqual(times(model).slice(-3), [1005, 1005.5, 1006.5]);
    assert.deepEqual(
        model.log.marks.map((mark) => [mark.mark, mark.seconds]),
        [['clock_step', -4.5]],
    );
});

test('a clock that was set back while nobody listened', () => {
    const model = heard();
    model.feed({ type: 'about', t: 500, interval_seconds: 1 }, 20000);
    model.feed(row(500.5), 20500);
    assert.deepEqual(times(model), [500.5]);
    assert.equal(model.log.marks.length, 1);
});

test('what is missing is asked for, once', () => {
    const model = heard();
    assert.equal(model.missing({ from: 1001, until: 1010 }, true), null);
    assert.deepEqual(model.missing({ from: 710, until: 1010 }, true), { since: 710, until: null });
    model.load(sortOut(rows(711, 1010)), { since: 710, until: null });
    assert.equal(model.missing({ from: 710, until: 1010 }, true), null);
    assert.equal(model.rowsIn({ from: 710, until: 1010 }).length, 300);
});

test('nothing is asked for that nobody has', () => {
    const model = heard();
    model.about.since = new Date(1000 * 1000).toISOString();
    assert.equal(model.missing({ from: 710, until: 1010 }, true), null);
    assert.equal(model.missing({ from: 100, until: 200 }, false), null);
});

test('an empty answer is an answer', () => {
    const model = heard();
    model.load(sortOut([]), { since: 710, until: null });
    assert.equal(model.missing({ from: 710, until: 1010 }, true), null);
    model.load(sortOut([]), { since: 100, until: 300 });
    assert.equal(model.missing({ from: 150, until: 250 }, false), null);
});

test('what was folded stands beside what is fine', () => {
    const model = heard();
    const day = { from: 1010 - 86400, until: 1010 };
    model.about.since = undefined;
    assert.deepEqual(model.missing(day, true), { since: day.from, until: null });
    model.load(sortOut(rows(1000 - 86400, 1000, 30)), { since: day.from, until: null });
    assert.equal(model.missing(day, true), null);
    model.feed(row(1011), 13000);
    const shown = model.rowsIn({ from: 1011 - 86400, until: 1011 });
    assert.equal(shown.length, 2881 + 11);
    assert.ok(shown.every((one, i) => i === 0 || shown[i - 1].t < one.t));
    // Too coarse for an hour of that day.
    assert.notEqual(model.missing({ from: -50000, until: -46400 }, false), null);
});

test('rows that live forgot are asked for again', () => {
    const model = new Model(10);
    for (let t = 1; t <= 100; t++) model.feed(row(t), t * 1000);
    assert.equal(model.missing({ from: 95, until: 100 }, true), null);
    assert.deepEqual(model.missing({ from: 20, until: 100 }, true), { since: 20, until: null });
});

test('one long row does not make all of them coarse', () => {
    const model = heard();
    model.load(sortOut([...rows(711, 800), row(805, 5), ...rows(806, 1010)]), { since: 710, until: null });
    assert.equal(model.past, null);
});

test('a recording has all there is', () => {
    const model = new Model(Infinity);
    model.loadRecording(
        sortOut([
            { type: 'about', host: 'h' },
            ...rows(1, 9000),
            { type: 'oom_kill', t: 5, pid: 1 },
            { type: 'process', t: 5, pid: 1 },
        ]),
    );
    assert.deepEqual([model.live.length, model.log.kills.length, model.looks.looks.length], [9000, 1, 1]);
    assert.equal(model.missing({ from: -100, until: 9100 }, false), null);
});
