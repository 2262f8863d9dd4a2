// What has to be so of a page that is live, whatever server is behind it.

import { contrast, drawn, eventually, keyboardWay, newPage, overflow, rootData, within } from './browser.mjs';

const CHARTS = ['memory', 'major', 'minor', 'stalls', 'cpu', 'switches', 'swap', 'refaults'];

/** @param {string} url @returns {{ origin: string, headers: { [name: string]: string } }} */
export function access(url) {
    const { username, password, origin } = new URL(url);
    const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
        'base64',
    );
    return { origin, headers: username === '' ? {} : { authorization: `Basic ${basic}` } };
}

/**
 * Listens beside the page: resolves when the kill of that command is told.
 * @param {string} url
 * @param {string} comm
 */
export async function killEvent(url, comm, ms = 60000) {
    const { origin, headers } = access(url);
    const stop = AbortSignal.timeout(ms);
    const response = await fetch(`${origin}/api/stream`, { headers, signal: stop });
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body)
        .pipeThrough(new TextDecoderStream())
        .getReader();
    return {
        seen: (async () => {
            let text = '';
            for (;;) {
                const { value, done } = await reader.read();
                if (done) throw new Error('the stream ended');
                text += value;
                for (const line of text.split('\n').slice(0, -1))
                    if (
                        line.startsWith('data:') &&
                        JSON.parse(line.slice(5)).type === 'oom_kill' &&
                        JSON.parse(line.slice(5)).comm === comm
                    ) {
                        await reader.cancel();
                        return performance.now();
                    }
                text = text.slice(text.lastIndexOf('\n') + 1);
            }
        })(),
    };
}

/** @param {import('playwright-core').Page} page */
export async function kills(page) {
    return page.evaluate(() => ({
        marks: [...document.querySelectorAll('.chart')].map((chart) =>
            Number(/** @type {HTMLElement} */ (chart).dataset.marks),
        ),
        kills: [...document.querySelectorAll('.chart')].map((chart) =>
            Number(/** @type {HTMLElement} */ (chart).dataset.kills),
        ),
        victims: [...document.querySelectorAll('#event-list .kill .victim')].map(
            (victim) => victim.textContent ?? '',
        ),
    }));
}

/**
 * @param {import('./tap.mjs').Tap} tap
 * @param {import('playwright-core').BrowserContext} context
 * @param {{ url: string, screenshots?: string, expectKillOf?: string, onReady?: () => void }} options
 */
export async function checkLive(tap, context, { url, screenshots, expectKillOf, onReady }) {
    const { page, complaints, requests } = await newPage(context);
    const { origin } = access(url);
    const shot = async (/** @type {string} */ name) => {
        if (screenshots !== undefined)
            await page.screenshot({ path: `${screenshots}/${name}`, fullPage: name === 'phone.png' });
    };
    await page.emulateMedia({ colorScheme: 'light' });

    await tap.check('rows within 2 s', async () => {
        await page.goto(origin);
        await within(async () => Number(await rootData(page, 'rows')) > 0, 2000, 'rows');
        const text = await page.locator('[data-tile="available"] .value').textContent();
        if (!/\d/.test(text ?? '')) throw new Error(`available memory is "${text}"`);
    });

    await tap.check('all charts are there', async () => {
        for (const id of CHARTS)
            if ((await page.locator(`[data-chart="${id}"] canvas`).count()) !== 1)
                throw new Error(`no chart ${id}`);
    });

    if (expectKillOf !== undefined)
        await tap.check('an OOM kill is a mark and a name within 2 s', async () => {
            const listener = await killEvent(url, expectKillOf);
            onReady?.();
            const at = await listener.seen;
            const left = 2000 - (performance.now() - at);
            await within(
                async () => {
                    const found = await kills(page);
                    return (
                        found.victims.some((victim) => victim.startsWith(`${expectKillOf}[`)) &&
                        found.kills.every((n) => n > 0)
                    );
                },
                left,
                'the victim in the list and a mark on each chart',
            );
        });

    await tap.check('the charts change within 3 s', async () => {
        const before = await drawn(page);
        await page.waitForTimeout(3000);
        const after = await drawn(page);
        const same = CHARTS.filter((_, i) => before[i] === after[i]);
        if (same.length > 0) throw new Error(`as before: ${same.join(', ')}`);
    });

    await tap.check('pause holds, and goes on', () => checkPause(page));
    await tap.check('the cursor is shared', () => checkCursor(page));
    await tap.check('a drag zooms all charts, and back', () => checkZoom(page));
    await tap.check('each chart is a table', () => checkTables(page));
    await tap.check('windows, older and live', () => checkWindows(page));
    await tap.check('the keyboard reaches everything', async () => {
        const { all, missed, unseen } = await keyboardWay(page);
        if (missed.length > 0 || all < 20) throw new Error(`${all} stops, not reached: ${missed.join(', ')}`);
        if (unseen.length > 0) throw new Error(`the focus is not seen on ${unseen.join(', ')}`);
    });
    await tap.check('keys', () => checkKeys(page));
    await page.mouse.move(0, 0);

    for (const scheme of /** @type {const} */ (['light', 'dark']))
        await tap.check(`contrast, ${scheme}`, async () => {
            await page.emulateMedia({ colorScheme: scheme });
            await page.waitForTimeout(200);
            await page.evaluate(() => scrollTo(0, 0));
            await shot(`${scheme}.png`);
            await checkContrast(page);
        });

    await tap.check('390 pixels are enough', async () => {
        await page.emulateMedia({ colorScheme: 'light' });
        await page.setViewportSize({ width: 390, height: 844 });
        await page.waitForTimeout(1200);
        await shot('phone.png');
        const found = await overflow(page);
        if (found > 0) throw new Error(`${found} pixels too wide`);
    });

    await tap.check('no complaint in the console', async () => {
        if (complaints.length > 0) throw new Error(complaints.slice(0, 3).join(' | '));
    });
    await tap.check('nobody else is asked', async () => {
        const others = requests.filter(
            (request) => !request.startsWith('data:') && new URL(request).origin !== origin,
        );
        if (others.length > 0) throw new Error(others.join(', '));
    });
    await page.close();
}

/** @param {import('playwright-core').Page} page */
export async function checkContrast(page) {
    const { checked, low } = await contrast(page);
    if (low.length > 0 || checked < 30)
        throw new Error(`${checked} checked, too low: ${low.slice(0, 8).join(', ')}`);
}

/** @param {import('playwright-core').Page} page */
async function checkPause(page) {
    const figures = () => page.locator('#tiles').textContent();
    await page.locator('#pause').click();
    await eventually(async () => (await rootData(page, 'state')) === 'paused', 'paused');
    await page.waitForTimeout(1000); // what was being drawn
    const before = [await figures(), ...(await drawn(page))].join();
    await page.waitForTimeout(2500);
    if ([await figures(), ...(await drawn(page))].join() !== before) throw new Error('it went on');
    if ((await rootData(page, 'state')) !== 'paused')
        throw new Error(`its state is ${await rootData(page, 'state')}`);
    await page.locator('#pause').click();
    await eventually(async () => [await figures(), ...(await drawn(page))].join() !== before, 'it goes on');
    await eventually(async () => (await rootData(page, 'state')) === 'live', 'live');
}

/** @param {import('playwright-core').Page} page */
async function checkCursor(page) {
    const box = await page.locator('[data-chart="memory"] .u-over').boundingBox();
    if (box === null) throw new Error('no plot');
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 2);
    await page.waitForTimeout(100);
    const shown = await page.evaluate(() =>
        [...document.querySelectorAll('.u-cursor-x')].map((line) =>
            line.classList.contains('u-off') ? '' : /** @type {HTMLElement} */ (line).style.transform,
        ),
    );
    if (
        shown.length < CHARTS.length ||
        shown.some((transform) => transform === '' || transform.includes('-10px'))
    )
        throw new Error(`cursors: ${shown.join(' ')}`);
    if (!/\d\d:\d\d:\d\d/.test((await page.locator('#cursor').textContent()) ?? ''))
        throw new Error('its time is not shown');
}

/** @param {import('playwright-core').Page} page */
async function checkZoom(page) {
    const before = await page.locator('#span').textContent();
    const box = await page.locator('[data-chart="cpu"] .u-over').boundingBox();
    if (box === null) throw new Error('no plot');
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 42, { steps: 5 });
    await page.mouse.up();
    await eventually(async () => (await rootData(page, 'state')) === 'zoomed', 'zoomed');
    if ((await page.locator('#span').textContent()) === before) throw new Error('it shows the same time');
    await page.locator('#reset-zoom').click();
    await eventually(async () => (await rootData(page, 'state')) === 'live', 'live again');
}

/** @param {import('playwright-core').Page} page */
async function checkTables(page) {
    for (const id of CHARTS) {
        const table = page.locator(`[data-chart="${id}"] details`);
        await table.locator('summary').click();
        await eventually(async () => (await table.locator('tbody tr').count()) > 0, `rows of ${id}`);
        if ((await table.locator('tbody tr').count()) > 60) throw new Error(`${id}: too many rows`);
        await table.locator('summary').click();
    }
}

/** @param {import('playwright-core').Page} page */
async function checkWindows(page) {
    const span = () => page.locator('#span').textContent();
    const before = await span();
    await page.locator('#window-1m').click();
    if (
        (await page.locator('#window-1m').getAttribute('aria-pressed')) !== 'true' ||
        (await span()) === before
    )
        throw new Error('one minute is not shown');
    // A server that was just started has no minute to go back.
    if ((await page.locator('#older').getAttribute('aria-disabled')) === null) {
        await page.locator('#older').click();
        await eventually(async () => (await rootData(page, 'state')) === 'back', 'looking back');
        await page.locator('#live').click();
        await eventually(async () => (await rootData(page, 'state')) === 'live', 'live');
    }
    await page.locator('#window-5m').click();
}

/** @param {import('playwright-core').Page} page */
async function checkKeys(page) {
    const state = async (/** @type {string} */ wanted) =>
        eventually(async () => (await rootData(page, 'state')) === wanted, `state ${wanted}`);
    await page.evaluate(() => /** @type {any} */ (document.activeElement)?.blur());
    await page.keyboard.press('Space');
    await state('paused');
    await page.keyboard.press('Space');
    await state('live');
    await page.keyboard.press('?');
    if (!(await page.locator('#help').isVisible())) throw new Error('? does not help');
    await page.keyboard.press('Escape');
    const plot = page.locator('[data-chart="major"] .plot');
    await plot.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    if (!/\d\d:\d\d:\d\d/.test((await page.locator('#say').textContent()) ?? ''))
        throw new Error('what is at the cursor is not said');
    const cursors = await page.locator('.u-cursor-x:not(.u-off)').count();
    if (cursors < CHARTS.length) throw new Error(`the cursor is on ${cursors} charts`);
    await page.keyboard.press('+');
    await state('zoomed');
    await page.keyboard.press('Escape');
    await state('live');
    await page.locator('#go-to').focus();
    await page.keyboard.press('Space');
    await page.waitForTimeout(100);
    await page.keyboard.press('Escape');
    if ((await rootData(page, 'state')) !== 'live') throw new Error('a key was taken from a field');
    await page.evaluate(() => /** @type {any} */ (document.activeElement)?.blur());
}
