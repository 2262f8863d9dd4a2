// What has to be so of a page with its data inside, opened as a file.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { keyboardWay, newPage, overflow, rootData, within } from './browser.mjs';
import { checkContrast, kills } from './live-checks.mjs';

/**
 * @param {import('./tap.mjs').Tap} tap
 * @param {import('playwright-core').BrowserContext} context
 * @param {{ file: string, screenshots?: string, expectKillOf?: string }} options
 */
export async function checkReport(tap, context, { file, screenshots, expectKillOf }) {
    const { page, complaints, requests } = await newPage(context);
    const url = pathToFileURL(resolve(file)).href;
    await tap.check('report: charts of the recording', async () => {
        await page.goto(url);
        await within(async () => Number(await rootData(page, 'rows')) > 0, 2000, 'rows');
        if ((await rootData(page, 'state')) !== 'recording')
            throw new Error(`its state is ${await rootData(page, 'state')}`);
        if ((await page.locator('#pause').count()) > 0) throw new Error('there is nothing to pause');
    });
    if (expectKillOf !== undefined)
        await tap.check('report: the victim, with a mark', async () => {
            const found = await kills(page);
            if (!found.victims.some((victim) => victim.startsWith(`${expectKillOf}[`)))
                throw new Error(`victims: ${found.victims.join(', ')}`);
            if (!found.kills.every((n) => n > 0)) throw new Error(`marks: ${found.kills.join(', ')}`);
        });
    await tap.check('report: its text', async () => {
        const text = (await page.locator('#report-text').textContent()) ?? '';
        if (!(await page.locator('#report').isVisible()) || text.split('\n').length < 3)
            throw new Error('it is not there');
    });
    await tap.check('report: the title tells host and time', async () => {
        if (!/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(await page.title())) throw new Error(await page.title());
    });
    await tap.check('report: the whole recording, and back', async () => {
        const incident = await page.locator('#span').textContent();
        await page.keyboard.press('w');
        const whole = await page.locator('#span').textContent();
        await page.keyboard.press('i');
        if (incident === whole || (await page.locator('#span').textContent()) !== incident)
            throw new Error(`${incident}, ${whole}`);
    });
    for (const scheme of /** @type {const} */ (['dark', 'light']))
        await tap.check(`report: contrast, ${scheme}`, async () => {
            await page.emulateMedia({ colorScheme: scheme });
            await page.waitForTimeout(100);
            await checkContrast(page);
        });
    if (screenshots !== undefined)
        await page.screenshot({ path: `${screenshots}/report.png`, fullPage: true });
    await tap.check('report: the keyboard reaches everything', async () => {
        const { missed } = await keyboardWay(page);
        if (missed.length > 0) throw new Error(missed.join(', '));
    });
    await tap.check('report: 390 pixels are enough', async () => {
        await page.setViewportSize({ width: 390, height: 844 });
        await page.waitForTimeout(300);
        if ((await overflow(page)) > 0) throw new Error(`${await overflow(page)} pixels too wide`);
    });
    await tap.check('report: no complaint in the console', async () => {
        if (complaints.length > 0) throw new Error(complaints.join(' | '));
    });
    await tap.check('report: nothing is asked for', async () => {
        const others = requests.filter((request) => request !== url && !request.startsWith('data:'));
        if (others.length > 0) throw new Error(others.join(', '));
    });
    await page.close();
}
