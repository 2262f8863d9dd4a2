// Strings that came from other people's processes, made safe to look at. They reach the page through textContent alone,
// so markup is no danger; what steers a terminal or turns the direction of a line is shown instead of obeyed.

const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const STEERING_BUT_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const LONGEST = 2000;

/** @param {string} character */
function shown(character) {
    const code = /** @type {number} */ (character.codePointAt(0));
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * One line of text, with what steers made visible.
 * @param {unknown} text anything; what is no string is as String() has it
 */
export function visible(text) {
    const string = String(text);
    const cut = string.length > LONGEST ? `${string.slice(0, LONGEST)}…` : string;
    return cut.replace(STEERING, shown);
}

/** The same for text of many lines: their ends stay. @param {unknown} text */
export function visibleLines(text) {
    return String(text).replace(STEERING_BUT_LINES, shown);
}
