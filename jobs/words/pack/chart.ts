import type { PackFacts, ShownNight, ShownPeople } from '../../../src/domain/provider-pack.ts';
import { escaped } from './html.ts';

/** The nights of a pack as bars: how many were released, where that may be shown, and what else a night came to. */

const width = 720;
const height = 220;
const frame = { left: 56, right: 8, top: 16, bottom: 36 };

export type NightMark = 'released' | 'hidden' | 'nothing' | 'missing';

/** The last run of a night that sent, or else what the night came to. */
export function markOf({ runs }: ShownNight): { mark: NightMark; people: ShownPeople | null } {
  const sent = runs.findLast(({ outcome }) => outcome === 'sent');
  if (sent === undefined) return { mark: runs.length === 0 ? 'missing' : 'nothing', people: null };
  const released = sent.people?.released ?? null;
  return { mark: released === null ? 'hidden' : 'released', people: sent.people };
}

export function trendChart({ nights, from, to }: PackFacts): string {
  const marks = nights.map(markOf);
  const most = Math.max(10, ...marks.map(({ people }) => people?.released ?? 0));
  const top = niceAbove(most);
  const step = (width - frame.left - frame.right) / nights.length;
  const floor = height - frame.bottom;
  const scale = (count: number): number => floor - (count / top) * (floor - frame.top);
  const bars = marks.map(({ mark, people }, at) => {
    const x = frame.left + at * step;
    const wide = Math.max(step * 0.7, 1);
    const y =
      mark === 'released' ? scale(people?.released ?? 0) : mark === 'hidden' ? scale(top * 0.08) : floor - 4;
    return `<rect class="${mark}" x="${fixed(x + (step - wide) / 2)}" y="${fixed(y)}" width="${fixed(wide)}" height="${fixed(floor - y)}"/>`;
  });
  const lines = [0, top / 2, top].map((count) => {
    const y = fixed(scale(count));
    return `<line x1="${frame.left}" x2="${width - frame.right}" y1="${y}" y2="${y}"/><text x="${frame.left - 6}" y="${y}" dy="4" text-anchor="end">${count.toLocaleString('en-GB')}</text>`;
  });
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="trend-title trend-text">`,
    `<title id="trend-title">People released on each night</title>`,
    `<desc id="trend-text">${escaped(trendText(nights))}</desc>`,
    `<g class="grid">${lines.join('')}</g>`,
    bars.join('\n'),
    `<text x="${frame.left}" y="${height - 12}">${escaped(from)}</text>`,
    `<text x="${width - frame.right}" y="${height - 12}" text-anchor="end">${escaped(to)}</text>`,
    `</svg>`,
  ].join('\n');
}

/** What the chart shows, in words. */
export function trendText(nights: readonly ShownNight[]): string {
  const marks = nights.map(markOf);
  const counts = marks.flatMap(({ people }) => people?.released ?? []);
  const of = (mark: NightMark): number => marks.filter((each) => each.mark === mark).length;
  const range =
    counts.length === 0
      ? 'On no night may the number released be shown.'
      : `On ${nightsIn(counts.length)} between ${Math.min(...counts).toLocaleString('en-GB')} and ${Math.max(...counts).toLocaleString('en-GB')} people were released.`;
  const others = [
    `The number is hidden on ${nightsIn(of('hidden'))}`,
    `nothing was sent on ${nightsIn(of('nothing'))}`,
    `${nightsIn(of('missing'))} missing`,
  ];
  return `${range} ${others.join('; ')}.`;
}

const nightsIn = (count: number): string => `${count} ${count === 1 ? 'night' : 'nights'}`;

const fixed = (n: number): string => n.toFixed(1).replace(/\.0$/, '');

/** The next of 10, 20, 50, 100, … */
function niceAbove(count: number): number {
  const power = 10 ** Math.floor(Math.log10(count));
  return [1, 2, 5, 10].map((times) => times * power).find((nice) => nice >= count) ?? count;
}
