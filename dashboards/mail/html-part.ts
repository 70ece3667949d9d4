import type { Message } from '../../src/domain/alert/message.ts';
import { instantUtc } from '../../src/domain/wording.ts';
import { type Html, html, raw } from '../html.ts';
import { groupFailures } from './failure-groups.ts';
import type { MailLinks } from './text-part.ts';

/**
 * Mail clients know little CSS and each another part of it: layout by tables, colours in place, and one style sheet for
 * those that know the reader's dark mode. The rest darken by themselves and find nothing to trip over.
 */
const STYLE = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page, .card { background: #16181d !important; color: #e8e9ec !important; }
  .quiet { color: #a3a8b3 !important; }
  .line { border-color: #343942 !important; }
  .link { color: #8ab4f8 !important; }
  .button { background: #8ab4f8 !important; color: #101318 !important; }
  .bad { background: #b3261e !important; color: #ffffff !important; }
  .good { background: #1d6b3a !important; color: #ffffff !important; }
  .calm { background: #343942 !important; color: #e8e9ec !important; }
  .note { background: #4a3b00 !important; color: #ffe08a !important; }
}
@media (max-width: 480px) { .label { display: block !important; width: auto !important; padding-bottom: 0 !important; } }
`;

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace';

/** The HTML part: the same facts as the text part, no image, no script, nothing fetched from anywhere. */
export function htmlPart(message: Message, links: MailLinks): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${message.subject}</title>
<style>${raw(STYLE)}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#ffffff;color:#1a1c20;${FONT};font-size:15px;line-height:1.45">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0"><tr><td align="center">
<table role="presentation" class="card" width="100%" cellspacing="0" cellpadding="0" border="0"
  style="max-width:640px;background:#ffffff;color:#1a1c20;text-align:left"><tr><td style="padding:20px 16px">
${banner(message)}
${message.advice !== '' && html`<p style="margin:0 0 8px;font-size:17px;font-weight:600">${message.advice}</p>`}
<p style="margin:0 0 16px">${message.headline}</p>
${factTable(message)}
${buttons(message, links)}
${message.cells.length > 1 && cellList(message)}
${message.failures.length > 0 && failureList(message)}
${
  message.practice &&
  html`<p class="note" style="margin:24px 0 0;padding:8px 12px;background:#fff3c4;color:#4a3b00">
Practice: this gateway is simulated, and so is the trouble.</p>`
}
<p class="quiet" style="margin:24px 0 0;color:#5c626e;font-size:13px">Probity sends a message at least once; a second
copy has the same Message-ID.</p>
</td></tr></table>
</td></tr></table>
</body>
</html>
`;
  return page.toString();
}

function banner({ topic, severity, subject }: Message): Html {
  const over = topic === 'recovered';
  const calm = over || severity !== 'page';
  const colours = over
    ? 'background:#1d6b3a;color:#ffffff'
    : calm
      ? 'background:#e6e8ec;color:#1a1c20'
      : 'background:#b3261e;color:#ffffff';
  // The word says it too: colour alone is nothing to somebody who cannot tell red from green.
  const word = over ? 'over' : severity;
  return html`<p class="${over ? 'good' : calm ? 'calm' : 'bad'}" style="margin:0 0 12px;padding:10px 12px;${raw(colours)};font-weight:600">
${word.toUpperCase()} · ${subject}</p>`;
}

function factTable({ facts }: Message): Html | false {
  if (facts.length === 0) return false;
  return html`<table class="facts" width="100%" cellspacing="0" cellpadding="0" border="0">${facts.map(
    ({ label, text }) => html`<tr>
<th scope="row" class="label quiet" width="110" align="left" valign="top" style="padding:4px 12px 4px 0;color:#5c626e;font-weight:400">${label}</th>
<td valign="top" style="padding:4px 0;word-break:break-word">${text}</td></tr>`,
  )}</table>`;
}

function buttons({ acknowledgeable }: Message, links: MailLinks): Html | false {
  if (links.page === null && links.acknowledge === null) return false;
  return html`<p style="margin:20px 0">
${acknowledgeable && links.acknowledge !== null && html`<a class="button" href="${links.acknowledge}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#1a56c4;color:#ffffff;font-weight:600;text-decoration:none">Acknowledge</a> <span class="quiet" style="color:#5c626e">works once</span>&nbsp;&nbsp; `}
${links.page !== null && html`<a class="link" href="${links.page}" style="color:#1a56c4">See all of it</a>`}
</p>`;
}

function cellList({ cells, moreCells }: Message): Html {
  return html`<h2 style="margin:20px 0 6px;font-size:15px">Cells</h2>
<ul style="margin:0;padding:0;list-style:none">${cells.map(
    ({ name, state, finding }) =>
      html`<li>${state === 'bad' ? '✕' : '✓'} ${name}${finding !== '' && html`<span class="quiet" style="color:#5c626e">: ${finding}</span>`}</li>`,
  )}${moreCells > 0 && html`<li>and ${moreCells} more</li>`}</ul>`;
}

function failureList({ failures }: Message): Html {
  return html`<h2 style="margin:20px 0 6px;font-size:15px">Last failures, newest first</h2>
${groupFailures(failures).map(
  ({
    cell,
    what,
    requests,
  }) => html`<div class="line" style="margin:0 0 12px;padding:8px 0 0;border-top:1px solid #dfe2e8">
<div style="word-break:break-word">${cell}</div>
<div class="quiet" style="margin:0 0 4px;color:#5c626e">${what}</div>
${requests.map(
  ({ at, requestId }) =>
    html`<div style="${raw(MONO)};font-size:13px;word-break:break-word">${instantUtc(at)}&ensp;${requestId ?? 'no request id'}</div>`,
)}</div>`,
)}`;
}
