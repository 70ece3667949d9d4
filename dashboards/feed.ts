import { HEALTHS } from '../src/domain/view/health.ts';
import type { StatusView, TargetView } from '../src/domain/view/status-view.ts';
import { shorten } from './format.ts';
import { html } from './html.ts';
import { targetPath } from './link.ts';

/**
 * What is in trouble now, as an Atom feed (RFC 4287). An entry keeps its id for as long as the same trouble lasts.
 * `origin` is the address at which readers reach these pages, without a trailing slash.
 */
export function feed(view: StatusView, origin: string): string {
  const troubled = view.targets.filter((target) => target.health === 'down' || target.health === 'failing');
  const updatedAt = Math.max(...troubled.map((target) => target.failingSince ?? view.fromAt), view.fromAt);
  return `<?xml version="1.0" encoding="utf-8"?>\n${html`<feed xmlns="http://www.w3.org/2005/Atom">
<title>${view.practice && 'Practice: '}${view.title}</title>
<id>${origin}/feed.xml</id>
<link rel="self" href="${origin}/feed.xml"/>
<link rel="alternate" href="${origin}/"/>
<updated>${new Date(updatedAt).toISOString()}</updated>
<author><name>Probity</name></author>
${troubled.map((target) => entry(target, view, origin))}
</feed>
`.toString()}`;
}

function entry(target: TargetView, view: StatusView, origin: string) {
  const since = new Date(target.failingSince ?? view.fromAt).toISOString();
  const name = `${shorten(target.model, 80)} (${shorten(target.tier, 40)})`;
  const word = HEALTHS[target.health].word.toLowerCase();
  return html`<entry>
<title>${name} is ${word}</title>
<id>${origin}${targetPath(target.id)}#${since}</id>
<link rel="alternate" href="${origin}${targetPath(target.id)}"/>
<published>${since}</published>
<updated>${since}</updated>
<summary>${view.practice && 'Practice data. '}${name} has been ${word} since ${since}: ${HEALTHS[target.health].means}.</summary>
</entry>
`;
}
