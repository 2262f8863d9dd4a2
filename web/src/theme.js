// Colours come from the style sheet, which follows the system's setting; a canvas has to be told of them.

/** Dashes of the tones, in CSS pixels. */
export const DASHES = [[], [], [7, 3], [2, 2], [9, 3, 2, 3], [1, 3]];

/** @type {Map<string, string>} */
const known = new Map();

/** The value of a custom property of the style sheet. @param {string} name without its dashes */
export function color(name) {
    let value = known.get(name);
    if (value === undefined) {
        value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
        known.set(name, value);
    }
    return value;
}

/** @param {() => void} changed the system went from light to dark, or back */
export function onThemeChange(changed) {
    for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)'])
        matchMedia(query).addEventListener('change', () => {
            known.clear();
            changed();
        });
}
