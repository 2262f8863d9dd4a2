import assert from 'node:assert/strict';
import test from 'node:test';
import { parseLine, parseLines, sortOut } from '../src/ndjson.js';

test('a broken line costs itself', () => {
    const text =
        '{"type":"sample","time":"2026-11-27T08:00:00.000Z"}\n{"type":"sam\n\n[1]\nnull\n"x"\n7\n{"time":"x"}\n' +
        '{"type":"alert","time":"2026-11-27T08:00:01.500Z"}';
    assert.deepEqual(
        parseLines(text).map((line) => [line.type, line.t]),
        [
            ['sample', 1795766400],
            ['alert', 1795766401.5],
        ],
    );
});

test('a time that is none is no time', () => {
    assert.equal(parseLine('{"type":"sample","time":"soon"}').t, undefined);
    assert.equal(parseLine('{"type":"sample","time":5}').t, undefined);
});

test('lines are sorted out', () => {
    const out = sortOut(
        parseLines(
            [
                '{"type":"about","host":"h"}',
                '{"type":"sample","time":"2026-11-27T08:00:00.000Z"}',
                '{"type":"sample"}',
                '{"type":"oom_kill","time":"2026-11-27T08:00:00.000Z"}',
                '{"type":"mark","time":"2026-11-27T08:00:00.000Z"}',
                '{"type":"process","time":"2026-11-27T08:00:00.000Z","pid":1}',
                '{"type":"report","text":"a"}',
                '{"type":"novel"}',
            ].join('\n'),
        ),
    );
    assert.equal(out.about.host, 'h');
    assert.deepEqual([out.rows.length, out.events.length, out.looks.length, out.reports], [1, 2, 1, ['a']]);
});
