// Figures as people read them. What is not there is a dash, never a zero.

export const ABSENT = '–';

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** @param {unknown} value */
export function isNumber(value) {
    return typeof value === 'number' && Number.isFinite(value);
}

/** One decimal, where it matters: 1234, 123, 12.3, 1.2, 2. @param {number} value */
function digits(value) {
    return Math.abs(value) >= 99.95 ? value.toFixed(0) : String(+value.toFixed(1));
}

/** @param {number} value */
function grouped(value) {
    const [whole, ...part] = digits(value).split('.');
    return [whole.replace(/\B(?=(\d{3})+$)/g, '\u202f'), ...part].join('.');
}

/** @param {number} [value] */
export function bytes(value) {
    if (!isNumber(value)) return ABSENT;
    let scaled = /** @type {number} */ (value);
    let unit = 0;
    while (Math.abs(scaled) >= 1023.5 && unit < BINARY.length - 1) {
        scaled /= 1024;
        unit++;
    }
    const exact = Math.abs(scaled) < 9.995 ? String(+scaled.toFixed(2)) : digits(scaled);
    return `${unit === 0 ? scaled.toFixed(0) : exact} ${BINARY[unit]}`;
}

/** @param {number} [value] */
export function bytesRate(value) {
    return isNumber(value) ? `${bytes(value)}/s` : ABSENT;
}

/** @param {number} [value] */
export function count(value) {
    return isNumber(value) ? grouped(/** @type {number} */ (value)) : ABSENT;
}

/** @param {number} [value] */
export function rate(value) {
    return isNumber(value) ? `${count(value)}/s` : ABSENT;
}

/** @param {number} [value] */
export function percent(value) {
    if (!isNumber(value)) return ABSENT;
    const number = /** @type {number} */ (value);
    return number > 0 && number < 0.05 ? '<0.1%' : `${digits(number)}%`;
}

/** As short as the axis of a chart needs it: 12k, 3M. @param {number} value */
export function short(value) {
    if (!isNumber(value)) return '';
    for (const [size, letter] of /** @type {[number, string][]} */ ([
        [1e9, 'G'],
        [1e6, 'M'],
        [1e4, 'k'],
    ]))
        if (Math.abs(value) >= size) return `${+(value / (letter === 'k' ? 1e3 : size)).toFixed(1)}${letter}`;
    return String(+value.toFixed(2));
}

/** @param {number} seconds */
export function duration(seconds) {
    if (!isNumber(seconds)) return ABSENT;
    if (seconds < 9.95) return `${+seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    if (whole < 120) return `${whole} s`;
    if (whole < 7200) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ''}`;
    if (whole < 172800)
        return `${Math.floor(whole / 3600)} h${Math.floor(whole / 60) % 60 ? ` ${Math.floor(whole / 60) % 60} min` : ''}`;
    return `${Math.floor(whole / 86400)} d ${Math.floor(whole / 3600) % 24} h`;
}

/** @param {number} number */
function two(number) {
    return String(number).padStart(2, '0');
}

/** The time of day where the reader is. @param {number} t unix seconds */
export function clock(t) {
    const date = new Date(t * 1000);
    return Number.isNaN(date.getTime())
        ? ABSENT
        : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** @param {number} t unix seconds */
export function day(t) {
    const date = new Date(t * 1000);
    return Number.isNaN(date.getTime())
        ? ABSENT
        : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** @param {number} t unix seconds */
export function dateTime(t) {
    return `${day(t)} ${clock(t)}`;
}

/** How far the reader's clock is from UTC at that time, as in UTC+5:30. @param {number} t unix seconds */
export function zone(t) {
    const minutes = -new Date(t * 1000).getTimezoneOffset();
    if (!isNumber(minutes) || minutes === 0) return 'UTC';
    const size = Math.abs(minutes);
    return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${size % 60 ? `:${two(size % 60)}` : ''}`;
}

/** The day once, where both ends share it. @param {number} from @param {number} until unix seconds */
export function span(from, until) {
    const end = day(from) === day(until) ? clock(until) : dateTime(until);
    return `${dateTime(from)} – ${end} ${zone(until)}`;
}

/**
 * Labels of a time axis: the day where it changes, seconds only where the steps are that short.
 * @param {number[]} splits unix seconds @param {number} step between them
 */
export function axisTimes(splits, step) {
    let before = '';
    return splits.map((t) => {
        const label = step < 60 ? clock(t) : clock(t).slice(0, 5);
        const today = day(t);
        const changed = before !== '' && today !== before;
        before = today;
        return step >= 86400 || changed ? today.slice(5) : label;
    });
}

/** What <input type=datetime-local step=1> takes. @param {number} t unix seconds */
export function inputTime(t) {
    return `${day(t)}T${clock(t)}`;
}
