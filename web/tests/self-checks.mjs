// The page beside a server made up, which can do what a real one does at the wrong time.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePage } from '../bundle.mjs';
import { newPage, overflow, rootData, within } from './browser.mjs';
import { alertAt, FakeServer, killAt, recordingLines, startFake, withRecording } from './fake-server.mjs';
import { checkContrast, checkLive, kills } from './live-checks.mjs';
import { checkReport } from './report-checks.mjs';

const HOSTILE = '<img src=x onerror=alert(1)>\u202egpj.exe\u001b[31m';

/**
 * @param {import('./tap.mjs').Tap} tap
 * @param {import('playwright-core').BrowserContext} context
 * @param {{ screenshots?: string }} options
 */
export async function checkSelf(tap, context, { screenshots }) {
    const html = await makePage();
    const folder = mkdtempSync(join(tmpdir(), 'faultline-report-'));
    try {
        await everyday(tap, context, html, screenshots);
        await lossAndHistory(tap, context, html);
        await oddServers(tap, context, html);
        const file = join(folder, 'report.html');
        writeFileSync(file, withRecording(html, recordingLines('trainer')));
        await checkReport(tap, context, { file, screenshots, expectKillOf: 'trainer' });
        writeFileSync(file, withRecording(html, recordingLines(`</script>${HOSTILE}`)));
        await hostileReport(tap, context, file);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/** A server, a page that shows it, and what it is good for; both go afterwards. */
async function withPage(
    /** @type {import('playwright-core').BrowserContext} */ context,
    /** @type {Parameters<typeof startFake>[0]} */ options,
    /** @type {(fake: FakeServer, page: import('playwright-core').Page, complaints: string[]) => Promise<void>} */ use,
) {
    const fake = await startFake(options);
    const { page, complaints } = await newPage(context);
    try {
        await page.goto(/** @type {string} */ (fake.url));
        await use(fake, page, complaints);
    } finally {
        await page.close();
        await fake.stop();
    }
}

/**
 * @param {import('./tap.mjs').Tap} tap
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} html
 * @param {string} [screenshots]
 */
async function everyday(tap, context, html, screenshots) {
    const fake = await startFake({ page: html });
    await checkLive(tap, context, {
        url: /** @type {string} */ (fake.url),
        screenshots,
        expectKillOf: 'trainer',
        onReady: () => fake.kill('trainer'),
    });
    await fake.stop();
}

/** @param {import('playwright-core').Page} page */
async function rows(page) {
    await within(async () => Number(await rootData(page, 'rows')) > 0, 3000, 'rows');
}

/** Times of the rows in a chart's table. @param {import('playwright-core').Page} page */
async function tableTimes(page) {
    return page.locator('[data-chart="memory"] tbody th').allTextContents();
}

/**
 * @param {import('./tap.mjs').Tap} tap
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} html
 */
async function lossAndHistory(tap, context, html) {
    await tap.check('a lost connection is told, and made good', () =>
        withPage(context, { page: html }, async (fake, page) => {
            await rows(page);
            await page.locator('[data-chart="memory"] summary').click();
            await page.waitForTimeout(2500);
            fake.refuses = true;
            fake.drop();
            await within(async () => (await rootData(page, 'state')) === 'lost', 1500, 'the state is lost');
            if (!(await page.locator('#lost').isVisible())) throw new Error('it is not said');
            fake.kill('missed');
            await page.waitForTimeout(4000);
            if (!/\d s ago/.test((await page.locator('#age').textContent()) ?? ''))
                throw new Error('the age of the last row is not told');
            fake.refuses = false;
            await within(async () => (await rootData(page, 'state')) === 'live', 12000, 'live again');
            await within(
                async () => (await kills(page)).victims.includes('missed[6869]'),
                2000,
                'the kill that was missed',
            );
            await page.waitForTimeout(1500);
            const times = (await tableTimes(page)).map((time) => Date.parse(`2026-01-01T${time}Z`) / 1000);
            const holes = times.slice(1).filter((t, i) => Math.abs(times[i] - t) > 2);
            if (times.length < 20 || holes.length > 0 || new Set(times).size < times.length - 1)
                throw new Error(`${times.length} rows, ${holes.length} holes`);
        }),
    );
    await tap.check('contrast of what is seldom seen', () =>
        withPage(context, { page: html }, async (fake, page) => {
            await rows(page);
            fake.kill('trainer');
            fake.emit(alertAt(fake.now(), 'begin'));
            await within(async () => (await page.locator('.event').count()) >= 2, 2000, 'events');
            await page.locator('.tasks summary').first().click();
            await page.locator('[data-chart="cpu"] summary').click();
            await page.locator('#pause').click();
            for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
                await page.emulateMedia({ colorScheme });
                await page.waitForTimeout(100);
                await checkContrast(page);
            }
            fake.refuses = true;
            fake.drop();
            await within(async () => (await rootData(page, 'state')) === 'lost', 4000, 'lost');
            await page.locator('#keys').click();
            for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
                await page.emulateMedia({ colorScheme });
                await page.waitForTimeout(100);
                await checkContrast(page);
            }
        }),
    );
    await tap.check('a server that refuses for good is asked again', () =>
        withPage(context, { page: html }, async (fake, page) => {
            await rows(page);
            // A browser gives up a stream that is answered with an error.
            const answer = fake.answer.bind(fake);
            fake.answer = (request, response) => {
                response.writeHead(503).end('busy\n');
            };
            fake.drop();
            await within(async () => (await rootData(page, 'state')) === 'lost', 4000, 'lost');
            await page.waitForTimeout(3000);
            fake.answer = answer;
            await within(async () => (await rootData(page, 'state')) === 'live', 8000, 'live again');
        }),
    );
    await tap.check('back into the recording', () =>
        withPage(context, { page: html }, async (fake, page) => {
            await rows(page);
            await page.locator('#window-24h').click();
            await within(async () => Number(await rootData(page, 'rows')) > 2000, 3000, 'a day of rows');
            await page.locator('#window-1h').click();
            await within(
                async () => Number(await rootData(page, 'rows')) > 1500,
                3000,
                'an hour of rows, finer',
            );
            for (let i = 0; i < 4; i++) await page.locator('#older').click();
            await within(async () => (await rootData(page, 'state')) === 'back', 1000, 'looking back');
            await within(
                async () => Number(await rootData(page, 'rows')) > 1500,
                3000,
                'rows of two hours ago',
            );
            const newest = Number(await rootData(page, 'newest'));
            if (Math.abs(newest - (fake.now() - 7200)) > 30)
                throw new Error(`the newest row is ${fake.now() - newest} s old`);
            const asked = fake.samplesAsked;
            await page.waitForTimeout(3000);
            if (fake.samplesAsked > asked + 1) throw new Error('the same is asked for again and again');
            await page.locator('#live').click();
            await within(async () => (await rootData(page, 'state')) === 'live', 1000, 'live');
        }),
    );
    await tap.check('a day that goes on does not ask again', () =>
        withPage(context, { page: html }, async (fake, page) => {
            await rows(page);
            await page.locator('#window-24h').click();
            await within(async () => Number(await rootData(page, 'rows')) > 2000, 3000, 'a day of rows');
            const asked = fake.samplesAsked;
            await page.waitForTimeout(4000);
            if (fake.samplesAsked > asked) throw new Error(`asked ${fake.samplesAsked - asked} times`);
        }),
    );
}

/**
 * @param {import('./tap.mjs').Tap} tap
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} html
 */
async function oddServers(tap, context, html) {
    await tap.check('hostile names are shown, not obeyed', () =>
        withPage(context, { page: html }, async (fake, page, complaints) => {
            await rows(page);
            fake.kill(HOSTILE);
            fake.emit({ ...alertAt(fake.now(), 'begin'), message: `HIGH ${HOSTILE}` });
            await within(async () => (await kills(page)).victims.length > 0, 2000, 'the kill');
            const victim = (await kills(page)).victims[0];
            if (!victim.includes('<img src=x') || !victim.includes('\\u{202e}gpj.exe\\x1b[31m'))
                throw new Error(victim);
            if ((await page.locator('img').count()) > 0 || complaints.length > 0)
                throw new Error(`markup came alive: ${complaints.join()}`);
        }),
    );
    await tap.check('a kernel without PSI', () =>
        withPage(context, { page: html, psi: false }, async (fake, page, complaints) => {
            await rows(page);
            const note = page.locator('[data-chart="stalls"] .note');
            await within(
                async () => /PSI/.test((await note.textContent()) ?? '') && note.isVisible(),
                2000,
                'the chart says so',
            );
            if (
                !/–/.test((await page.locator('[data-tile="memory-stall"] .value').textContent()) ?? '') ||
                complaints.length > 0
            )
                throw new Error('absent is not a dash');
        }),
    );
    await tap.check('a stream with nothing in it', () =>
        withPage(context, { page: html, rows: false }, async (fake, page, complaints) => {
            await within(async () => (await rootData(page, 'state')) === 'live', 3000, 'connected');
            await page.waitForTimeout(1500);
            if (
                !/No rows/.test((await page.locator('[data-chart="cpu"] .note').textContent()) ?? '') ||
                complaints.length > 0
            )
                throw new Error(`it is not said; ${complaints.join()}`);
        }),
    );
    await tap.check('a clock that is set back', () =>
        withPage(context, { page: html }, async (fake, page, complaints) => {
            await rows(page);
            await page.waitForTimeout(6000); // what comes before may be told again
            fake.offset = -3600;
            await within(
                async () => Number(await rootData(page, 'newest')) < fake.now() + 10,
                4000,
                'the new time',
            );
            await page.waitForTimeout(2500);
            if (Math.abs(Number(await rootData(page, 'newest')) - fake.now()) > 3 || complaints.length > 0)
                throw new Error(`newest ${await rootData(page, 'newest')}; ${complaints.join()}`);
            if ((await page.locator('.event.mark').count()) !== 1) throw new Error('the step is not told');
        }),
    );
    await tap.check('10,000 events, broken lines, unknown types', () =>
        withPage(context, { page: html }, async (fake, page, complaints) => {
            await rows(page);
            for (let i = 0; i < 5000; i++) {
                fake.emit(killAt(fake.now() - i / 100, `victim${i}`, i));
                fake.emit({ ...alertAt(fake.now() + i / 1000, i % 2 ? 'end' : 'begin') });
            }
            for (const stream of fake.streams)
                stream.write(
                    'data: {"type":"sample","time"\n\ndata: null\n\ndata: {"type":"novel","time":"x"}\n\n',
                );
            await page.waitForTimeout(2500);
            const listed = await page.locator('.event').count();
            if (listed > 100 || listed < 50 || !(await page.locator('#more-events').isVisible()))
                throw new Error(`${listed} listed`);
            const newest = await rootData(page, 'newest');
            await within(async () => (await rootData(page, 'newest')) !== newest, 3000, 'it goes on');
            if (complaints.length > 0 || (await overflow(page)) > 0) throw new Error(complaints.join());
        }),
    );
}

/**
 * @param {import('./tap.mjs').Tap} tap
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} file
 */
async function hostileReport(tap, context, file) {
    await tap.check('report: hostile names', async () => {
        const { page, complaints } = await newPage(context);
        await page.goto(`file://${file}`);
        await within(async () => (await kills(page)).victims.length > 0, 2000, 'the kill');
        const text = (await page.locator('#report-text').textContent()) ?? '';
        if (
            !text.includes('</script><img') ||
            !text.includes('\\u{202e}') ||
            (await page.locator('img').count()) > 0 ||
            complaints.length > 0
        )
            throw new Error(complaints.join());
        await page.close();
    });
}
