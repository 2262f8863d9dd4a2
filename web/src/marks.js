// Draws alerts, OOM kills and breaks of the record on a chart, and the threshold of its alert. Each kind has a shape
// of its own above the plot: a cross in a square, a triangle, a dot.

import { color } from './theme.js';

/** @typedef {ReturnType<import('./event_log.js').EventLog['between']>[number]} Mark */

const SIZE = 5;
const KINDS = {
    mark: { color: 'muted', dash: [1, 3], width: 1 },
    alert: { color: 'warn', dash: [4, 3], width: 1 },
    kill: { color: 'bad', dash: [], width: 1.5 },
};

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} size */
function drawSign(ctx, /** @type {Mark['kind']} */ kind, x, y, size) {
    ctx.beginPath();
    if (kind === 'kill') {
        ctx.rect(x - size, y - size, 2 * size, 2 * size);
        ctx.fill();
        ctx.strokeStyle = color('panel');
        ctx.beginPath();
        ctx.moveTo(x - size / 2, y - size / 2);
        ctx.lineTo(x + size / 2, y + size / 2);
        ctx.moveTo(x + size / 2, y - size / 2);
        ctx.lineTo(x - size / 2, y + size / 2);
        ctx.stroke();
    } else if (kind === 'alert') {
        ctx.moveTo(x, y - size);
        ctx.lineTo(x + size, y + size);
        ctx.lineTo(x - size, y + size);
        ctx.fill();
    } else {
        ctx.arc(x, y, size / 2, 0, 2 * Math.PI);
        ctx.fill();
    }
}

/** @param {any} u @param {Mark[]} marks */
function drawMarks(u, marks) {
    const { ctx, bbox } = u;
    const scale = devicePixelRatio;
    const signs = new Map();
    for (const mark of marks) {
        if (mark.kind === 'alert') drawLength(u, mark);
        const x = Math.round(u.valToPos(mark.t, 'x', true));
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        const kind = KINDS[mark.kind];
        ctx.strokeStyle = ctx.fillStyle = color(kind.color);
        ctx.lineWidth = kind.width * scale;
        ctx.setLineDash(kind.dash.map((dash) => dash * scale));
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.setLineDash([]);
        // Where signs would lie on each other, one is enough; the gravest comes last.
        signs.set(`${mark.kind}${Math.round(x / (SIZE * scale))}`, [mark.kind, x, kind.color]);
    }
    ctx.lineWidth = 1.5 * scale;
    for (const [kind, x, name] of signs.values()) {
        ctx.fillStyle = color(name);
        drawSign(ctx, kind, x, bbox.top - (SIZE + 1) * scale, SIZE * scale);
    }
}

/** How long it lasted: a bar along the upper edge. @param {any} u @param {Mark} mark */
function drawLength(u, mark) {
    const { ctx, bbox } = u;
    const within = (/** @type {number} */ t) =>
        Math.min(Math.max(u.valToPos(t, 'x', true), bbox.left), bbox.left + bbox.width);
    const begin = within(mark.t);
    ctx.fillStyle = color('warn');
    ctx.fillRect(
        begin,
        bbox.top - 1.5 * devicePixelRatio,
        within(mark.end ?? mark.t) - begin,
        2.5 * devicePixelRatio,
    );
}

/** @param {any} u @param {number} threshold */
function drawThreshold(u, threshold) {
    const { ctx, bbox } = u;
    const y = Math.round(u.valToPos(threshold, 'y', true));
    if (!(y >= bbox.top && y <= bbox.top + bbox.height)) return;
    ctx.strokeStyle = color('warn');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.setLineDash([]);
}

/**
 * A plugin of uPlot.
 * @param {() => { marks: Mark[], threshold?: number }} state
 */
export function marksPlugin(state) {
    return {
        hooks: {
            draw: (/** @type {any} */ u) => {
                const { marks, threshold } = state();
                u.ctx.save();
                if (threshold !== undefined) drawThreshold(u, threshold);
                drawMarks(u, marks);
                u.ctx.restore();
            },
        },
    };
}
