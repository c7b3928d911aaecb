// Pure builders: (data, theme) → ECharts option. No DOM and no imports, so that a report can use the same ones.

/**
 * @param {any} theme
 * @param {string} [text]
 */
const axisText = (theme, text = theme.muted) => ({ color: text, fontFamily: theme.mono, fontSize: 11 });
const whole = (/** @type {number} */ n) => new Intl.NumberFormat('en', { maximumFractionDigits: n >= 100 ? 0 : 2 }).format(n);

/**
 * What all charts of time have.
 * @param {any} theme
 */
function base(theme) {
  return {
    useUTC: theme.utc,
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: theme.mono },
    // Rich text, because HTML with inline styles is refused by the page's policy.
    tooltip: { trigger: 'axis', renderMode: 'richText', confine: true, backgroundColor: theme.raised, borderColor: theme.axis, textStyle: { color: theme.text, fontFamily: theme.mono, fontSize: 12 }, valueFormatter: (/** @type {any} */ v) => (typeof v === 'number' ? whole(v) : '–') },
    legend: { top: 0, left: 0, icon: 'rect', itemWidth: 10, itemHeight: 10, textStyle: { color: theme.text, fontFamily: theme.mono, fontSize: 11 }, inactiveColor: theme.dim },
    grid: { left: 4, right: 22, top: 30, bottom: 4, containLabel: true },
    xAxis: { type: 'time', axisLine: { lineStyle: { color: theme.axis } }, axisTick: { lineStyle: { color: theme.axis } }, axisLabel: { ...axisText(theme), hideOverlap: true, formatter: { day: '{dd} {MMM}', hour: '{HH}:{mm}', minute: '{HH}:{mm}' } } },
    yAxis: { type: 'value', splitNumber: 4, axisLabel: axisText(theme), splitLine: { lineStyle: { color: theme.grid } } },
  };
}

/**
 * Entries by level, stacked, with errors on the baseline; stretches that were unusual are marked.
 * @param {{rows: any[], marks?: {start: number, end: number, text: string}[]}} data
 * @param {any} theme
 */
export function levels(data, theme) {
  const order = ['error', 'warn', 'info', 'debug'];
  const last = data.rows[data.rows.length - 1];
  return {
    ...base(theme),
    color: order.map((level) => theme[level]),
    brush: data.rows.length ? { xAxisIndex: 0, brushLink: 'none', throttleType: 'debounce', throttleDelay: 200, brushStyle: { color: theme.glow, borderColor: theme.accent } } : undefined,
    toolbox: { show: false },
    series: order.map((level, i) => ({
      name: level,
      type: 'line',
      stack: 'level',
      // A count holds from the start of its period to the end; the last one ends, too.
      step: 'end',
      showSymbol: false,
      data: [...data.rows.map((row) => [row.periodStart, row[level]]), ...(last ? [[last.periodEnd, last[level]]] : [])],
      lineStyle: { width: 1.2, color: theme[level] },
      areaStyle: { color: theme[level], opacity: level === 'error' ? 0.55 : 0.26 },
      emphasis: { disabled: true },
      z: 10 - i,
      markArea: i || !data.marks?.length ? undefined : {
        itemStyle: { color: theme.mark },
        label: { position: 'insideTop', color: theme.error, fontFamily: theme.mono, fontSize: 11, width: 150, overflow: 'truncate' },
        data: data.marks.map((mark) => [{ name: mark.text, xAxis: mark.start }, { xAxis: mark.end }]),
      },
    })),
  };
}

/**
 * What was, and what is expected with its intervals.
 * @param {{past: [number, number][], path: any[], name: string}} data
 * @param {any} theme
 */
export function forecast(data, theme) {
  /**
   * @param {string} low
   * @param {string} high
   * @param {number} opacity
   */
  const band = (low, high, opacity) => [
    { name: low, type: 'line', stack: low, showSymbol: false, silent: true, tooltip: { show: false }, lineStyle: { opacity: 0 }, data: data.path.map((hour) => [hour.time, hour[low]]) },
    { name: high, type: 'line', stack: low, showSymbol: false, silent: true, tooltip: { show: false }, lineStyle: { opacity: 0 }, areaStyle: { color: theme.violet, opacity }, data: data.path.map((hour) => [hour.time, hour[high] - hour[low]]) },
  ];
  return {
    ...base(theme),
    legend: { ...base(theme).legend, data: [data.name, 'expected'] },
    series: [
      ...band('low95', 'high95', 0.16),
      ...band('low80', 'high80', 0.24),
      { name: data.name, type: 'line', showSymbol: false, itemStyle: { color: theme.accent }, lineStyle: { width: 1.4, color: theme.accent }, data: data.past },
      { name: 'expected', type: 'line', showSymbol: false, itemStyle: { color: theme.violet }, lineStyle: { width: 1.6, type: 'dashed', color: theme.violet }, data: data.path.map((hour) => [hour.time, hour.value]) },
    ],
  };
}

/**
 * Lines over time.
 * @param {{name: string, colour: string, area?: boolean, points: [number, number | null][]}[]} lines
 * @param {any} theme
 */
export function lines(lines, theme) {
  return {
    ...base(theme),
    series: lines.map((line) => ({
      name: line.name,
      type: 'line',
      showSymbol: line.points.length < 3,
      itemStyle: { color: theme[line.colour] },
      lineStyle: { width: 1.5, color: theme[line.colour] },
      areaStyle: line.area ? { color: theme[line.colour], opacity: 0.2 } : undefined,
      data: line.points,
    })),
  };
}

/**
 * Parts of a whole, as a ring.
 * @param {{name: string, value: number, colour: string}[]} rows
 * @param {any} theme
 */
export function share(rows, theme) {
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: theme.mono },
    tooltip: { ...base(theme).tooltip, trigger: 'item' },
    legend: { type: 'scroll', orient: 'vertical', right: 0, top: 'middle', icon: 'rect', itemWidth: 10, itemHeight: 10, textStyle: { color: theme.text, fontFamily: theme.mono, fontSize: 11, width: 110, overflow: 'truncate' }, pageTextStyle: { color: theme.muted }, pageIconColor: theme.accent },
    series: [{
      type: 'pie',
      radius: ['52%', '82%'],
      center: ['34%', '50%'],
      label: { show: false },
      itemStyle: { borderColor: theme.panel, borderWidth: 2 },
      data: rows.map((row) => ({ name: row.name, value: row.value, itemStyle: { color: theme[row.colour] } })),
    }],
  };
}

/**
 * The most of something.
 * @param {{name: string, value: number}[]} rows
 * @param {any} theme
 * @param {number} [room] pixels for the names
 * @param {string[]} [colours] of the theme, from left to right
 */
export function top(rows, theme, room = 170, colours = ['violet', 'accent']) {
  const shown = [...rows].reverse();
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: theme.mono },
    grid: { left: 0, right: 60, top: 0, bottom: 0, containLabel: true },
    xAxis: { type: 'value', show: false, max: 'dataMax' },
    yAxis: { type: 'category', data: shown.map((row) => row.name), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...axisText(theme, theme.text), width: room, overflow: 'truncate' } },
    series: [{
      type: 'bar',
      barMaxWidth: 11,
      data: shown.map((row) => row.value),
      label: { show: true, position: 'right', color: theme.text, fontFamily: theme.mono, fontSize: 11, formatter: (/** @type {any} */ point) => whole(point.value) },
      itemStyle: { color: { type: 'linear', x: 0, y: 0, x2: 1, y2: 0, colorStops: [{ offset: 0, color: theme[colours[0]] }, { offset: 1, color: theme[colours[1]] }] } },
    }],
  };
}
