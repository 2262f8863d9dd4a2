import assert from 'node:assert/strict';
import test from 'node:test';
import { visible, visibleLines } from '../src/text.js';

test('what steers is shown', () => {
    assert.equal(visible('a\u001b[31m\n\u0085'), 'a\\x1b[31m\\x0a\\x85');
    assert.equal(
        visible('\u202eexe.jpg\u2066\u200f\ufeff\u2028'),
        '\\u{202e}exe.jpg\\u{2066}\\u{200f}\\u{feff}\\u{2028}',
    );
    assert.equal(visible('\u00ad\ud800x'), '\\xad\\u{d800}x');
    assert.equal(visible('\u{e0041}'), '\\u{e0041}');
});

test('what does not, stays', () => {
    assert.equal(visible('<b>naïve</b> 東京 😀 שלום'), '<b>naïve</b> 東京 😀 שלום');
    assert.equal(visible(42), '42');
});

test('a line has an end', () => {
    assert.equal(visible('x'.repeat(5000)).length, 2001);
});

test('a report keeps its lines', () => {
    assert.equal(visibleLines('a\n  b\u202e\r\n'), 'a\n  b\\u{202e}\\x0d\n');
});
