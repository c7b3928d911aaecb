// A table of figures as a picture, for panels that have no chart to save.
const ROW = 22, PAD = 16, TITLE = 34, MOST = 60, WIDEST = 420;

/**
 * @param {string} title
 * @param {any[][]} rows the first of names
 * @returns {string} the address of a PNG
 */
export function picture(title, rows) {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const font = (/** @type {number} */ weight) => `${weight} 12px ${colour('mono')}`;
  const texts = rows.slice(0, MOST + 1).map((row) => row.map((cell) => String(cell ?? '–')));
  const canvas = document.createElement('canvas');
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.font = font(600);
  const widths = (texts[0] ?? []).map((_, i) => Math.min(WIDEST, Math.max(...texts.map((row) => pen.measureText(row[i] ?? '').width))) + 24);
  const width = Math.max(320, widths.reduce((sum, one) => sum + one, 2 * PAD));
  const height = TITLE + texts.length * ROW + 2 * PAD;
  canvas.width = 2 * width;
  canvas.height = 2 * height;
  pen.scale(2, 2);
  pen.fillStyle = colour('panel');
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = 'middle';
  pen.fillStyle = colour('text');
  pen.font = `600 15px ${colour('ui')}`;
  pen.fillText(title, PAD, PAD + 8);
  texts.forEach((row, line) => {
    const middle = PAD + TITLE + line * ROW;
    pen.font = font(line ? 400 : 600);
    pen.fillStyle = colour(line ? 'text' : 'muted');
    let left = PAD;
    row.forEach((text, i) => {
      pen.fillText(cut(pen, text, widths[i] - 24), left, middle);
      left += widths[i];
    });
    pen.fillStyle = colour('line');
    pen.fillRect(PAD, middle + ROW / 2, width - 2 * PAD, 1);
  });
  return canvas.toDataURL('image/png');
}

/**
 * A text, or as much of it as there is room for.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} room
 */
function cut(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let end = text.length;
  while (end && pen.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end)}…`;
}
