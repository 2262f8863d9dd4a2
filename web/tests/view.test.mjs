import assert from 'node:assert/strict';
import test from 'node:test';
import { View } from '../src/view.js';

test('live follows, a window wide', () => {
    const view = new View(300);
    assert.deepEqual(view.range(1000), { from: 700, until: 1000 });
    view.setWindow(60, 1000);
    assert.deepEqual(view.range(1010), { from: 950, until: 1010 });
    assert.ok(view.live);
});

test('zoom, and what was before', () => {
    const view = new View(300);
    view.zoom(800, 850);
    view.zoomBy(0.5, 825, 1000);
    assert.deepEqual(view.range(2000), { from: 812.5, until: 837.5 });
    assert.ok(view.zoomed);
    view.resetZoom();
    assert.ok(view.live && !view.zoomed);
    view.zoom(800, 800.1);
    assert.equal(view.range(0).until - view.range(0).from, 2);
});

test('back, and on until it is live again', () => {
    const view = new View(100);
    view.shift(-1, 1000);
    view.shift(-1, 1000);
    assert.deepEqual(view.range(2000), { from: 800, until: 900 });
    view.shift(1, 1000);
    assert.ok(!view.live);
    view.shift(1, 1000);
    assert.ok(view.live);
});

test('a pause holds what is shown, and goes on with what was', () => {
    const view = new View(100);
    view.pause(1000);
    assert.deepEqual(view.range(1050), { from: 900, until: 1000 });
    view.shift(-1, 1050);
    view.shift(1, 1050);
    assert.ok(!view.live);
    view.resume();
    assert.ok(view.live);

    view.goTo(500);
    view.pause(1100);
    view.resume();
    assert.deepEqual(view.range(1200), { from: 450, until: 550 });

    view.follow();
    view.zoom(1010, 1020);
    view.pause(1100);
    view.resetZoom();
    assert.deepEqual(view.range(1200), { from: 1000, until: 1100 });
    view.resume();
    assert.ok(view.live);
});

test('a zoom outlives a pause', () => {
    const view = new View(100);
    view.zoom(910, 920);
    view.pause(1000);
    view.resume();
    assert.deepEqual(view.range(1100), { from: 910, until: 920 });
    view.resetZoom();
    assert.ok(view.live);
});
