import { chartAlternative, type DayChart } from '../src/domain/view/day-chart.ts';
import { type Html, html } from './html.ts';

const CHART = { width: 720, height: 132, left: 52, right: 56, top: 16, bottom: 20 } as const;

/**
 * A bar for each day: one over the line is darker, one higher than the chart is cut and carries its number, a day without data
 * is a low grey one.
 */
export function dayChart(chart: DayChart): Html {
  const { title, note, unit, high, target, days } = chart;
  const { width, height, left, right, top, bottom } = CHART;
  const innerWidth = width - left - right;
  const innerHeight = height - top - bottom;
  const step = innerWidth / Math.max(1, days.length);
  const round = (value: number): number => Math.round(value * 10) / 10;
  const y = (share: number): number => round(top + innerHeight * (1 - share));
  const bars = days.map(({ day, height: share, missed, cut, text }, i) => {
    const x = round(left + i * step);
    const barWidth = round(Math.max(1, step - 2));
    if (share === null) {
      return html`<rect class="c-none" x="${x}" y="${y(0) - 2}" width="${barWidth}" height="2"><title>${day}: ${text}</title></rect>`;
    }
    const barTop = y(share);
    return html`<rect class="${missed ? 'c-missed' : 'c-met'}" x="${x}" y="${barTop}" width="${barWidth}" height="${Math.max(1, round(y(0) - barTop))}"><title>${day}: ${text}</title></rect>${
      cut !== null &&
      html`<rect class="c-cut" x="${x - 1}" y="${top + 5}" width="${barWidth + 2}" height="2"/><text class="c-axis" x="${round(x + barWidth / 2)}" y="${top - 3}" text-anchor="middle">${cut}</text>`
    }`;
  });
  return html`<figure class="r-chart"><figcaption><strong>${title}</strong>${note !== '' && html` <small>${note}</small>`}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${chartAlternative(chart)}">
<text class="c-axis" x="${left - 6}" y="${top + 6}" text-anchor="end">${high} ${unit}</text><text class="c-axis" x="${left - 6}" y="${y(0)}" text-anchor="end">0 ${unit}</text>
${bars}
${target !== null && html`<line class="c-target" x1="${left}" x2="${width - right}" y1="${y(target.at)}" y2="${y(target.at)}"/><text class="c-axis" x="${width - right + 5}" y="${y(target.at) + 3}">${target.text}</text>`}
<text class="c-axis" x="${left}" y="${height - 4}">${days[0]?.day ?? ''}</text><text class="c-axis" x="${width - right}" y="${height - 4}" text-anchor="end">${days.at(-1)?.day ?? ''}</text>
</svg></figure>`;
}
