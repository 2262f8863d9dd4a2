// node embed.mjs PAGE OUTPUT.c: the page, packed by bundle.mjs into PAGE.gz, as a source of the program.
import { readFileSync, writeFileSync } from 'node:fs';

const [page, output] = process.argv.slice(2);
const html = readFileSync(page);
const packed = readFileSync(`${page}.gz`);
const policy = html.toString('utf8').match(/<meta http-equiv="Content-Security-Policy" content="([^"]*)"/);
if (!policy) {
    throw new Error(`${page}: it has no content security policy`);
}
const policyMax = 480; // EXTRA_VALUE_MAX of src/server/connection.h, with what is added below
if (policy[1].length > policyMax) {
    throw new Error(`${page}: its content security policy is too long for a header`);
}

const bytesPerLine = 24;
const lines = [];
for (let at = 0; at < packed.length; at += bytesPerLine) {
    lines.push(`    ${[...packed.subarray(at, at + bytesPerLine)].join(',')},`);
}
// frame-ancestors has no meaning in a page itself.
writeFileSync(
    output,
    `#include "render/page_data.h"

const unsigned char page_data_packed[] = {
${lines.join('\n')}
};
const size_t page_data_packed_bytes = sizeof(page_data_packed);
const size_t page_data_bytes = ${html.length};
const char page_data_policy[] = "${policy[1]}; frame-ancestors 'none'";
`,
);
