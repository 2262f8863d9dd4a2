// One line a check.

export class Tap {
    constructor() {
        this.failed = 0;
        this.passed = 0;
    }

    /** @param {string} name @param {() => Promise<void>} check throws why it is not so */
    async check(name, check) {
        try {
            await check();
            this.passed++;
            console.log(`ok ${name}`);
        } catch (error) {
            this.failed++;
            console.log(`not ok ${name}: ${String(/** @type {Error} */ (error).message).split('\n')[0]}`);
        }
    }
}
