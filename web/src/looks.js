// Looks at the processes: the lines `process` that share a time.

const LIMIT = 900;

/** @param {any} a @param {any} b */
function order(a, b) {
    return (
        (b.major_faults_per_second ?? -1) - (a.major_faults_per_second ?? -1) ||
        (b.minor_faults_per_second ?? -1) - (a.minor_faults_per_second ?? -1) ||
        (b.rss_bytes ?? -1) - (a.rss_bytes ?? -1)
    );
}

export class Looks {
    constructor() {
        /** @type {{ t: number, top: any, processes: any[] }[]} sorted by time */
        this.looks = [];
        /** The one whose lines are still coming. @type {{ t: number, top: any, processes: any[] } | null} */
        this.coming = null;
    }

    /** @param {any} line of any type: the first that belongs to no look ends the one before */
    feed(line) {
        if (line.type === 'top') {
            this.commit();
            if (line.t !== undefined) this.coming = { t: line.t, top: line, processes: [] };
        } else if (line.type === 'process') {
            if (line.t === undefined) return;
            if (this.coming === null || (this.coming.top === null && this.coming.t !== line.t)) {
                this.commit();
                this.coming = { t: line.t, top: null, processes: [] };
            }
            if (this.coming.processes.length < 200) this.coming.processes.push(line);
        } else {
            this.commit();
        }
    }

    commit() {
        const look = this.coming;
        this.coming = null;
        if (look === null || this.looks.some((other) => other.t === look.t)) return;
        look.processes.sort(order);
        let at = this.looks.length;
        while (at > 0 && this.looks[at - 1].t > look.t) at--;
        this.looks.splice(at, 0, look);
        if (this.looks.length > LIMIT) this.looks.shift();
    }

    /** The newest at or before t. @param {number} t */
    at(t) {
        for (let i = this.looks.length - 1; i >= 0; i--)
            if (this.looks[i].t <= t + 0.0005) return this.looks[i];
        return null;
    }

    get newest() {
        return this.looks[this.looks.length - 1] ?? null;
    }

    /** @param {number} t */
    cutAfter(t) {
        this.looks = this.looks.filter((look) => look.t <= t);
    }
}
