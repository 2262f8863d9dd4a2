// What the checks need of a browser: to start it, to see what it asks for, to look at colours and at the keyboard's way.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

/**
 * @param {string} executable
 * @returns {Promise<{ context: import('playwright-core').BrowserContext, close: () => Promise<void> }>}
 */
export async function startBrowser(executable, options = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'faultline-page-'));
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: executable,
        headless: true,
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        viewport: { width: 1440, height: 900 },
        ignoreHTTPSErrors: true,
        ...options,
    });
    return {
        context,
        close: async () => {
            await context.close();
            rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
        },
    };
}

/**
 * A page, and what it complained of and asked for.
 * @param {import('playwright-core').BrowserContext} context
 */
export async function newPage(context) {
    const page = await context.newPage();
    /** @type {string[]} */
    const complaints = [];
    /** @type {string[]} */
    const requests = [];
    page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
            complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
    page.on('request', (request) => requests.push(request.url()));
    return { page, complaints, requests };
}

/**
 * Asks until it is so. Not waitForFunction(): the page's policy does not let a test's text run as a script of the page.
 * @param {() => Promise<boolean>} question @param {number} ms @param {string} what
 */
export async function within(question, ms, what) {
    const end = performance.now() + ms;
    for (;;) {
        if (await question()) return;
        if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
        await new Promise((done) => setTimeout(done, 25));
    }
}

/**
 * The same of what no time is promised for: beside other tests a browser may take its time.
 * @param {() => Promise<boolean>} question @param {string} what
 */
export const eventually = (question, what) => within(question, 20000, what);

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name of a data attribute of the page's root
 */
export function rootData(page, name) {
    return page.evaluate((key) => document.documentElement.dataset[key] ?? '', name);
}

/**
 * Text that is seen and has too little contrast with what is behind it (WCAG 2.1 AA: 4.5, large text 3), and lines of the
 * charts that have less than 3. Computed of what the browser computed.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{ checked: number, low: string[] }>}
 */
export function contrast(page) {
    return page.evaluate(() => {
        const canvas = new OffscreenCanvas(1, 1);
        const ctx = /** @type {OffscreenCanvasRenderingContext2D} */ (
            canvas.getContext('2d', { willReadFrequently: true })
        );
        const parse = (/** @type {string} */ text) => {
            ctx.clearRect(0, 0, 1, 1);
            ctx.fillStyle = '#000';
            ctx.fillStyle = text;
            ctx.fillRect(0, 0, 1, 1);
            const [r, g, b, a] = ctx.getImageData(0, 0, 1, 1).data;
            return [r, g, b, a / 255];
        };
        const over = (/** @type {number[]} */ top, /** @type {number[]} */ below) =>
            [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
        const luminance = (/** @type {number[]} */ rgb) => {
            const [r, g, b] = rgb.slice(0, 3).map((value) => {
                const part = value / 255;
                return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ratio = (/** @type {number[]} */ a, /** @type {number[]} */ b) => {
            const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
            return (high + 0.05) / (low + 0.05);
        };
        const background = (/** @type {Element | null} */ element) => {
            const layers = [];
            for (let e = element; e !== null; e = e.parentElement) {
                const layer = parse(getComputedStyle(e).backgroundColor);
                layers.push(layer);
                if (layer[3] === 1) break;
            }
            return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
        };
        /** @type {string[]} */
        const low = [];
        let checked = 0;
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
            const element = /** @type {HTMLElement} */ (node.parentElement);
            const text = (node.textContent ?? '').trim();
            if (
                text === '' ||
                ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName) ||
                element.closest('.sr')
            )
                continue;
            if (
                !element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) ||
                element.getClientRects().length === 0
            )
                continue;
            const style = getComputedStyle(element);
            const behind = background(element);
            const size = parseFloat(style.fontSize);
            const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            const found = ratio(over(parse(style.color), behind), behind);
            checked++;
            if (found < (large ? 3 : 4.5)) low.push(`"${text.slice(0, 30)}" ${found.toFixed(2)}`);
        }
        const root = getComputedStyle(document.documentElement);
        const panel = background(document.querySelector('.chart'));
        const drawn = (/** @type {string} */ name) => over(parse(root.getPropertyValue(name).trim()), panel);
        for (const [name, least] of /** @type {[string, number][]} */ ([
            ['--muted', 4.5],
            ['--bad', 3],
            ['--warn', 3],
            ['--tone1', 3],
            ['--tone2', 3],
            ['--tone3', 3],
            ['--tone4', 3],
            ['--tone5', 3],
        ])) {
            checked++;
            if (ratio(drawn(name), panel) < least)
                low.push(`${name} on a chart ${ratio(drawn(name), panel).toFixed(2)}`);
        }
        return { checked, low };
    });
}

/**
 * What one can do something with, and Tab did not come to.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{ all: number, missed: string[], unseen: string[] }>} unseen: without a mark of the focus
 */
export async function keyboardWay(page) {
    const all = await page.evaluate(() => {
        let n = 0;
        for (const element of document.querySelectorAll(
            'a[href], button, input, select, textarea, summary, [tabindex]',
        ))
            if (
                /** @type {HTMLElement} */ (element).tabIndex >= 0 &&
                element.checkVisibility({ visibilityProperty: true })
            )
                element.setAttribute('data-test-stop', String(n++));
        /** @type {any} */ (document.activeElement)?.blur();
        return n;
    });
    const seen = new Set();
    /** @type {string[]} */
    const unseen = [];
    // A field for a time has several stops of its own.
    for (let i = 0; i < all + 40 && seen.size < all; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
            const element = document.activeElement;
            const style = element && getComputedStyle(element);
            return element === null
                ? null
                : {
                      stop: element.getAttribute('data-test-stop'),
                      name: `${element.tagName}#${element.id}.${element.className}`,
                      ring:
                          style !== null &&
                          style.outlineStyle !== 'none' &&
                          parseFloat(style.outlineWidth) >= 1,
                  };
        });
        if (at === null || at.stop === null || seen.has(at.stop)) continue;
        seen.add(at.stop);
        if (!at.ring) unseen.push(at.name);
    }
    const missed = await page.evaluate(
        (stops) => {
            const out = [];
            for (const element of document.querySelectorAll('[data-test-stop]')) {
                if (!stops.includes(element.getAttribute('data-test-stop')))
                    out.push(`${element.tagName}#${element.id} ${(element.textContent ?? '').slice(0, 20)}`);
                element.removeAttribute('data-test-stop');
            }
            return out;
        },
        [...seen],
    );
    return { all, missed, unseen };
}

/** How far it can be scrolled sideways. @param {import('playwright-core').Page} page */
export function overflow(page) {
    return page.evaluate(() => (document.scrollingElement?.scrollWidth ?? 0) - innerWidth);
}

/**
 * A fingerprint of what the charts have drawn.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export function drawn(page) {
    return page.evaluate(() =>
        [...document.querySelectorAll('.chart canvas')].map((canvas) => {
            const text = /** @type {HTMLCanvasElement} */ (canvas).toDataURL();
            let hash = 0;
            for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
            return String(hash);
        }),
    );
}
