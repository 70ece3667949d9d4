import { HtmlSafeString, safe } from 'escape-html-template-tag';
import { visible } from './visible.ts';

/** Markup that is safe to send: made by `html`, or vouched for with `raw`. */
export type Html = HtmlSafeString;

/**
 * A template whose values are escaped, whatever they are. Strings also lose their power to steer the reader's eye:
 * control characters and text-direction overrides become visible marks. `null`, `undefined` and `false` print
 * nothing, so that `${condition && html`…`}` reads well; lists are joined without a separator.
 */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Html {
  return new HtmlSafeString(parts, values.map(printable));
}

/** Markup that is trusted as it stands. The only way around escaping: search for it when reviewing. */
export function raw(markup: string): Html {
  return safe(markup);
}

function printable(value: unknown): unknown {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof HtmlSafeString) return value;
  if (Array.isArray(value)) return value.map(printable);
  return visible(String(value));
}
