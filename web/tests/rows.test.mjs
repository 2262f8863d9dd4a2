import assert from 'node:assert/strict';
import test from 'node:test';
import { columns, inOrder, Rows } from '../src/rows.js';

/** @param {number[]} times */
const rowsAt = (...times) => times.map((t) => ({ t, interval_seconds: 1 }));
/** @param {{ t: number }[]} rows */
const times = (rows) => rows.map((row) => row.t);

test('each time once, in order, however it comes', () => {
    const rows = new Rows(100);
    assert.equal(rows.add(rowsAt(5)[0]), true);
    assert.equal(rows.add(rowsAt(3)[0]), true);
    assert.equal(rows.add(rowsAt(5)[0]), false);
    rows.merge(rowsAt(1, 2, 3, 4, 6));
    rows.merge([]);
    rows.merge(rowsAt(4, 5));
    assert.deepEqual(times(rows.rows), [1, 2, 3, 4, 5, 6]);
});

test('bounded: the oldest go', () => {
    const rows = new Rows(10);
    for (let t = 1; t <= 1000; t++) rows.add(rowsAt(t)[0]);
    assert.ok(rows.length <= 11);
    assert.equal(rows.last.t, 1000);
    rows.merge(rowsAt(1, 2, 3));
    assert.equal(rows.length, 10);
    assert.equal(rows.first.t, 991);
});

test('a range has a neighbour on either side', () => {
    const rows = new Rows(100);
    rows.merge(rowsAt(1, 2, 3, 4, 5, 6));
    assert.deepEqual(times(rows.range(3, 4)), [2, 3, 4, 5]);
    assert.deepEqual(times(rows.range(0, 9)), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(times(rows.range(8, 9)), [6]);
    assert.equal(rows.at(3.5)?.t, 3);
    assert.equal(rows.at(0), undefined);
});

test('where the clock was set back, the later stamps go', () => {
    assert.deepEqual(times(inOrder(rowsAt(1, 2, 3, 4, 2, 3, 4, 5))), [1, 2, 3, 4, 5]);
    assert.deepEqual(times(inOrder(rowsAt(10, 11, 1, 2))), [1, 2]);
    const rows = new Rows(100);
    rows.merge(rowsAt(1, 2, 3));
    rows.cutAfter(2);
    assert.deepEqual(times(rows.rows), [1, 2]);
});

test('absent is a gap, and so are rows that are missing', () => {
    const rows = [
        { t: 1, interval_seconds: 1, a: 10 },
        { t: 2.001, interval_seconds: 1, a: 0 },
        { t: 3, interval_seconds: 1 },
        { t: 7, interval_seconds: 1, a: 7 },
        { t: 37, interval_seconds: 30, a: 8 },
        { t: 38, interval_seconds: 1, a: 'x' },
    ];
    assert.deepEqual(columns(rows, ['a', 'b']), [
        [1, 2.001, 3, 3.001, 7, 37, 38],
        [10, 0, null, null, 7, 8, null],
        [null, null, null, null, null, null, null],
    ]);
});
