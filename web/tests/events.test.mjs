import assert from 'node:assert/strict';
import test from 'node:test';
import { episodes, EventLog } from '../src/event_log.js';
import { Looks } from '../src/looks.js';
import * as meaning from '../src/meaning.js';

/** @param {number} t @param {string} state */
const alert = (t, state, more = {}) => ({ type: 'alert', t, alert: 'major_faults', state, ...more });

test('an alert is one episode from begin to end', () => {
    const [one, two] = episodes([
        alert(10, 'begin'),
        alert(11, 'continue', { processes: [{}] }),
        alert(20, 'end', { worst: 9 }),
        alert(50, 'continue', { duration_seconds: 15 }),
    ]);
    assert.deepEqual([one.t, one.end, one.told.t, one.last.worst], [10, 20, 11, 9]);
    assert.deepEqual([two.t, two.end], [35, null]);
});

test('an end that was never heard of', () => {
    const [one, two] = episodes([alert(10, 'begin'), alert(500, 'begin')]);
    assert.ok(one.cut && !two.cut);
    assert.equal(meaning.episodeTime(one, 501).startsWith('told until'), true);
    assert.equal(meaning.episodeTime(two, 501), 'goes on');
    assert.equal(meaning.goesOn(two, 600), false);
});

test('each event once, in the order of time', () => {
    const log = new EventLog();
    assert.equal(log.add({ type: 'oom_kill', t: 5, pid: 1, comm: 'a' }), true);
    assert.equal(log.add({ type: 'oom_kill', t: 5, pid: 1, comm: 'a' }), false);
    assert.equal(log.add({ type: 'oom_kill', t: 5, pid: 2, comm: 'a' }), true);
    assert.equal(log.add({ type: 'oom_kill', t: 3, kills: 2 }), true);
    assert.equal(log.add({ type: 'oom_kill', pid: 7 }), false);
    assert.equal(log.add({ type: 'novel', t: 1 }), false);
    assert.deepEqual(
        log.kills.map((kill) => kill.t),
        [3, 5, 5],
    );
    assert.equal(log.between(4, 6).length, 2);
    assert.equal(log.version, 3);
});

test('bounded, and a flood of alerts takes no kill away', () => {
    const log = new EventLog();
    log.add({ type: 'oom_kill', t: 1, pid: 1 });
    for (let i = 0; i < 10000; i++) log.add(alert(i + 2, i % 2 ? 'end' : 'begin'));
    assert.equal(log.kills.length, 1);
    assert.equal(log.lines.alert.length, 2000);
    assert.equal(log.keys.alert.size, 2000);
    assert.equal(log.add(alert(2, 'begin')), false);
});

test('an alert that reaches into a window is drawn there', () => {
    const log = new EventLog();
    log.add(alert(10, 'begin'));
    log.add(alert(100, 'end'));
    assert.deepEqual(log.between(50, 60), [{ t: 10, kind: 'alert', name: 'major_faults', end: 100 }]);
    assert.deepEqual(log.between(101, 110), []);
});

test('a kill is diagnosed by what was full', () => {
    assert.match(meaning.diagnosisOfKill({ constraint: 'memcg' }).means, /cgroup was full/);
    assert.match(meaning.diagnosisOfKill({ constraint: 'none' }).means, /whole machine/);
    assert.match(meaning.diagnosisOfKill({ limit_cgroup: '/x' }).means, /cgroup was full/);
    assert.equal(meaning.diagnosisOfKill({ constraint: 'constructor' }), null);
    assert.equal(meaning.diagnosisOf('__proto__'), null);
    assert.deepEqual(meaning.killFacts({ pid: 1 }), []);
    assert.equal(meaning.victimOf({ kills: 3 }), '3 not named');
    assert.equal(
        meaning.markText({ mark: 'clock_step', seconds: -3600 }),
        'The clock was set back by 60 min',
    );
});

test('a look at the processes is what shares a time', () => {
    const looks = new Looks();
    const process = (/** @type {number} */ t, /** @type {number} */ pid, more = {}) => ({
        type: 'process',
        t,
        pid,
        ...more,
    });
    for (const line of [
        { type: 'top', t: 1 },
        process(1, 7, { major_faults_per_second: 2 }),
        process(1, 8, { major_faults_per_second: 9 }),
        { type: 'sample', t: 1 },
        { type: 'top', t: 2 },
        process(2, 9),
        { type: 'sample', t: 2 },
    ])
        looks.feed(line);
    assert.deepEqual(
        looks.at(1.5)?.processes.map((one) => one.pid),
        [8, 7],
    );
    assert.equal(looks.newest?.t, 2);
    assert.equal(looks.at(0.5), null);

    const recorded = new Looks();
    for (const line of [process(5, 1, { rss_bytes: 1 }), process(5, 2, { rss_bytes: 3 }), process(9, 1)])
        recorded.feed(line);
    recorded.commit();
    assert.deepEqual(
        recorded.looks.map((look) => look.processes.map((one) => one.pid)),
        [[2, 1], [1]],
    );
});
