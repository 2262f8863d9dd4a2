import assert from 'node:assert/strict';
import test from 'node:test';

process.env.TZ = 'Asia/Kolkata';
const format = await import('../src/format.js');

const T = Date.UTC(2026, 10, 24, 20, 17, 40) / 1000;

test('bytes are binary', () => {
    const figures = [
        [0, '0 B'],
        [1023, '1023 B'],
        [1024, '1 KiB'],
        [1536, '1.5 KiB'],
        [16777216, '16 MiB'],
        [1024 * 1024 - 1, '1 MiB'],
        [2.04 * 2 ** 30, '2.04 GiB'],
        [21.23 * 2 ** 30, '21.2 GiB'],
        [2 ** 50, '1 PiB'],
        [2 ** 60, '1024 PiB'],
    ];
    for (const [value, text] of figures) assert.equal(format.bytes(/** @type {number} */ (value)), text);
    assert.equal(format.bytesRate(2048), '2 KiB/s');
});

test('absent is not zero', () => {
    for (const figure of [format.bytes, format.bytesRate, format.count, format.rate, format.percent])
        for (const absent of [undefined, null, NaN, '5'])
            assert.equal(figure(/** @type {any} */ (absent)), format.ABSENT);
    assert.equal(format.rate(0), '0/s');
    assert.equal(format.percent(0), '0%');
});

test('figures', () => {
    assert.equal(format.count(1234567), '1\u202f234\u202f567');
    assert.equal(format.count(999), '999');
    assert.equal(format.count(12.34), '12.3');
    assert.equal(format.percent(99.96), '100%');
    assert.equal(format.percent(0.01), '<0.1%');
    assert.equal(format.short(0.25), '0.25');
    assert.equal(format.short(12000), '12k');
    assert.equal(format.short(2500000), '2.5M');
});

test('durations', () => {
    const durations = [
        [0.04, '0 s'],
        [3.21, '3.2 s'],
        [90, '90 s'],
        [125, '2 min 5 s'],
        [600, '10 min'],
        [7300, '2 h 1 min'],
        [200000, '2 d 7 h'],
    ];
    for (const [seconds, text] of durations)
        assert.equal(format.duration(/** @type {number} */ (seconds)), text);
    assert.equal(format.duration(NaN), format.ABSENT);
});

test("times are the reader's", () => {
    assert.equal(format.clock(T), '01:47:40');
    assert.equal(format.day(T), '2026-11-25');
    assert.equal(format.zone(T), 'UTC+5:30');
    assert.equal(format.inputTime(T), '2026-11-25T01:47:40');
    assert.equal(format.clock(NaN), format.ABSENT);
});

test('a span tells a day once', () => {
    assert.equal(format.span(T, T + 300), '2026-11-25 01:47:40 – 01:52:40 UTC+5:30');
    assert.equal(format.span(T - 86400, T), '2026-11-24 01:47:40 – 2026-11-25 01:47:40 UTC+5:30');
});

test('an axis tells the day where it changes', () => {
    const midnight = Date.UTC(2026, 10, 24, 18, 30) / 1000;
    assert.deepEqual(format.axisTimes([midnight - 3600, midnight, midnight + 3600], 3600), [
        '23:00',
        '11-25',
        '01:00',
    ]);
    assert.deepEqual(format.axisTimes([T, T + 5], 5), ['01:47:40', '01:47:45']);
});
