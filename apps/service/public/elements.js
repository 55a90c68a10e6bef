/** Makes elements; all text is set as text, never as HTML. */

/** @typedef {string | number | Node | null | undefined} Content */

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/**
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...Content} content
 */
export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content.map((each) => (each instanceof Node ? each : String(each ?? ''))));
  return made;
}

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: any) => Content} cell
 * @property {boolean} [number] Whether it is aligned to the right.
 * @property {boolean} [wrap] Whether long text may wrap.
 */

/**
 * Returns a table whose first column names the row, or a text where there are no rows.
 * @param {{ caption: string, columns: Column[], rows: any[], empty: string }} content
 */
export function table({ caption, columns, rows, empty }) {
  if (rows.length === 0) return element('p', { class: 'muted' }, empty);
  const classOf = (/** @type {Column} */ column) => (column.number ? 'number' : column.wrap ? 'wrap' : '');
  const head = columns.map((column) => element('th', { scope: 'col', class: classOf(column) }, column.title));
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...columns.map((column, i) =>
        element(
          i === 0 ? 'th' : 'td',
          { ...(i === 0 && { scope: 'row' }), class: classOf(column) },
          column.cell(row),
        ),
      ),
    ),
  );
  // A region that scrolls must be reachable by keyboard.
  return element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...body),
    ),
  );
}

/**
 * Replaces the content of an element, unless it is the same as before, or has the focus: nothing changes under its reader.
 * @param {string} id @param {...Node} content
 */
export function show(id, ...content) {
  const target = byId(id);
  const made = element('div', {}, ...content);
  if (made.innerHTML === target.innerHTML || target.contains(document.activeElement)) return;
  const scrolled = [...target.querySelectorAll('.scroll')].map((each) => each.scrollLeft);
  target.replaceChildren(...made.childNodes);
  [...target.querySelectorAll('.scroll')].forEach((each, i) => (each.scrollLeft = scrolled[i] ?? 0));
}
