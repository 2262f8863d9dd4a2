// node bundle.mjs OUTPUT: makes the page one file that loads nothing, and OUTPUT.gz beside it.
//
// What it is made of decides every byte: no time stamp, no path. The page's Content-Security-Policy lets run what stands in
// it now, by its hash, and nothing else; markup that found its way in would stay dead.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const MOST_BYTES = 120 * 1024;
const TARGET = ['chrome111', 'firefox115', 'safari16.4'];

/** @param {string} text */
function hashOf(text) {
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** @param {string} path */
function read(path) {
    return readFileSync(resolve(HERE, path), 'utf8');
}

/** @param {string} entry @returns {Promise<string>} */
async function bundled(entry) {
    const { outputFiles } = await build({
        entryPoints: [resolve(HERE, entry)],
        absWorkingDir: HERE,
        bundle: true,
        minify: true,
        write: false,
        format: 'iife',
        charset: 'ascii',
        target: TARGET,
        legalComments: 'none',
        logLevel: 'warning',
    });
    return outputFiles[0].text.trim();
}

/** The licence of what is bundled has to go with it. */
function notices() {
    const licence = read('node_modules/uplot/LICENSE').trim();
    return `/*! uPlot, https://github.com/leeoniya/uPlot\n\n${licence}\n*/\n`;
}

/** @param {string} page @param {string} place @param {string} what */
function put(page, place, what) {
    if (page.split(place).length !== 2) throw new Error(`index.html: ${place} has to be there once`);
    return page.replace(place, () => what);
}

export async function makePage() {
    const style = `\n${await bundled('src/style.css')}\n`;
    const script = `\n${notices()}${await bundled('src/main.js')}\n`;
    if (/<\/(script|style)|<!--/i.test(script + style))
        throw new Error('the bundle would end its own element');
    const policy =
        `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; ` +
        "connect-src 'self'; base-uri 'none'; form-action 'none'";
    let page = read('src/index.html');
    page = put(page, '<!--policy-->', `<meta http-equiv="Content-Security-Policy" content="${policy}">`);
    page = put(page, '<!--style-->', `<style>${style}</style>`);
    page = put(page, '<!--script-->', `<script>${script}</script>`);
    if (page.split('<!--recording-->').length !== 2)
        throw new Error('there has to be one place for a recording');
    if (page.includes('\r') || page.includes('\0'))
        throw new Error('a browser would read other characters than were hashed');
    return page;
}

/** @param {string} page */
export function compressed(page) {
    const out = gzipSync(page, { level: 9 });
    out.fill(0, 4, 8); // no time stamp
    out[9] = 255; // nor the system that it was made on
    return out;
}

/** @param {string} output */
async function main(output) {
    const page = await makePage();
    const packed = compressed(page);
    mkdirSync(dirname(resolve(output)), { recursive: true });
    writeFileSync(output, page);
    writeFileSync(`${output}.gz`, packed);
    console.log(`${output}: ${Buffer.byteLength(page)} bytes, ${packed.length} compressed`);
    if (packed.length > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes compressed`);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
    if (process.argv.length !== 3) {
        console.error('usage: node bundle.mjs OUTPUT');
        process.exit(2);
    }
    main(process.argv[2]).catch((error) => {
        console.error(`bundle.mjs: ${error.message}`);
        process.exit(1);
    });
}
