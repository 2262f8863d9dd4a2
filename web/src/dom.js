// Makes elements. Text is text: there is no way from here to markup, nor to a style attribute, which the page's
// Content-Security-Policy would refuse.

/**
 * @param {string} tag
 * @param {{ [attribute: string]: any }} [attributes] true is a bare one, false and undefined are none;
 *     a function under onNAME listens
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
        if (typeof value === 'function') element.addEventListener(name.slice(2), value);
        else if (value !== undefined && value !== false)
            element.setAttribute(name, value === true ? '' : String(value));
    element.append(...children);
    return element;
}

/** @param {string} id @returns {any} */
export function byId(id) {
    return document.getElementById(id);
}

/**
 * Touches the document only where something changes: a screen reader hears of each touch.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string | boolean | null} value */
export function setAttribute(element, name, value) {
    const wanted = value === true ? '' : value === false ? null : value;
    if (element.getAttribute(name) === wanted) return;
    if (wanted === null) element.removeAttribute(name);
    else element.setAttribute(name, wanted);
}

/**
 * A button that cannot do its work now stays in the order of the keyboard, or who just pressed it is thrown out.
 * @param {Element} button @param {boolean} usable
 */
export function setUsable(button, usable) {
    setAttribute(button, 'aria-disabled', usable ? null : 'true');
}

/** @param {Element} button */
export function isUsable(button) {
    return button.getAttribute('aria-disabled') !== 'true';
}
