// Checks the page in a browser:
//
//   node tests/page.mjs --url URL [--expect-kill-of COMM --on-ready COMMAND]     the page of a server that runs
//   node tests/page.mjs --report FILE [--expect-kill-of COMM]                    a page with its data inside
//   node tests/page.mjs                                                          both, beside a server made up
//
//   --screenshots DIR     light.png, dark.png, phone.png, report.png
//   --chromium PATH       (default: /usr/bin/chromium)
//   --on-ready COMMAND    for the shell, started once rows are shown: it is to bring the kill about
//
// One line a check; the exit status is 1 if any failed.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startBrowser } from './browser.mjs';
import { access, checkLive } from './live-checks.mjs';
import { checkReport } from './report-checks.mjs';
import { checkSelf } from './self-checks.mjs';
import { Tap } from './tap.mjs';

const { values } = parseArgs({
    options: {
        url: { type: 'string' },
        report: { type: 'string' },
        screenshots: { type: 'string' },
        chromium: { type: 'string', default: '/usr/bin/chromium' },
        'expect-kill-of': { type: 'string' },
        'on-ready': { type: 'string' },
    },
});

const { screenshots } = values;
const expectKillOf = values['expect-kill-of'];
const command = values['on-ready'];
if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true });

/** @type {import('node:child_process').ChildProcess | null} */
let child = null;
const onReady = () => {
    if (command !== undefined)
        child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'] });
};

const tap = new Tap();
const url = values.url;
const { username = '', password = '' } = url === undefined ? {} : new URL(url);
const browser = await startBrowser(
    values.chromium,
    username === ''
        ? {}
        : {
              httpCredentials: {
                  username: decodeURIComponent(username),
                  password: decodeURIComponent(password),
                  origin: access(/** @type {string} */ (url)).origin,
              },
          },
);
try {
    if (url !== undefined) await checkLive(tap, browser.context, { url, screenshots, expectKillOf, onReady });
    if (values.report !== undefined)
        await checkReport(tap, browser.context, { file: values.report, screenshots, expectKillOf });
    if (url === undefined && values.report === undefined)
        await checkSelf(tap, browser.context, { screenshots });
} finally {
    await browser.close();
    /** @type {any} */ (child)?.unref();
}
console.log(`${tap.passed} passed, ${tap.failed} failed`);
process.exit(tap.failed > 0 ? 1 : 0);
