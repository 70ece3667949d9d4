/** Conditions as `predicateSchema` wants them. */
type Terms = Readonly<Record<string, unknown>>;

const NUMBERS: Readonly<Record<string, string>> = {
  output_tokens: 'outputTokens',
  outputtokens: 'outputTokens',
  prompt_tokens: 'promptTokens',
  prompttokens: 'promptTokens',
};

const NAMES: Readonly<Record<string, string>> = {
  service_tier: 'serviceTier',
  servicetier: 'serviceTier',
  model: 'model',
  endpoint: 'endpoint',
  region: 'region',
  outcome: 'outcome',
  code: 'code',
  error_code: 'code',
  tag: 'tag',
};

const FLAGS: Readonly<Record<string, string>> = {
  stream: 'stream',
  streaming: 'stream',
  auth: 'auth',
  over_quota: 'overQuota',
  overquota: 'overQuota',
  timed_out: 'timedOut',
  timedout: 'timedOut',
};

function numberTerm(field: string, op: string, limit: number): Terms | null {
  switch (op) {
    case '>':
      return { [`${field}Over`]: limit };
    case '>=':
      return limit > 0 ? { [`${field}Over`]: limit - 1 } : {};
    case '<=':
      return { [`${field}AtMost`]: limit };
    case '<':
      return limit > 0 ? { [`${field}AtMost`]: limit - 1 } : null;
    default:
      return null;
  }
}

function conditionOf(text: string): Terms | null {
  const flag = /^(!|not )?\s*([a-z_]+)$/i.exec(text);
  if (flag !== null) {
    const name = FLAGS[(flag[2] ?? '').toLowerCase()];
    return name === undefined ? null : { [name]: flag[1] === undefined };
  }
  const parts = /^([a-z_]+)\s*(>=|<=|==|=|<|>)\s*"?([^"\s]+)"?$/i.exec(text);
  if (parts === null) return null;
  const [, word = '', op = '', value = ''] = parts;
  const key = word.toLowerCase();
  const isEqual = op === '==' || op === '=';
  const number = NUMBERS[key];
  if (number !== undefined) return /^\d+$/.test(value) ? numberTerm(number, op, Number(value)) : null;
  if ((key === 'client_timeout_ms' || key === 'client_timeout') && op === '<') {
    return { clientTimeoutBelow: /^\d+$/.test(value) ? `${value}ms` : value };
  }
  if (!isEqual) return null;
  if (key === 'status') return { status: /^\d{3}$/.test(value) ? Number(value) : value };
  const flagged = FLAGS[key];
  if (flagged !== undefined) {
    return value === 'true' || value === 'false' ? { [flagged]: value === 'true' } : null;
  }
  const name = NAMES[key];
  return name === undefined ? null : { [name]: value };
}

/**
 * Conditions written as text, `stream, status==200, output_tokens>75`, joined by commas, `and`, `&&` or `∧`; all must hold.
 * `null` if one of them is none, or two say something about the same field.
 */
export function conditionsOf(text: string): Terms | null {
  const parts = text
    .split(/\s*(?:,|&&|∧|\band\b)\s*/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const found = new Map<string, unknown>();
  for (const part of parts) {
    const terms = conditionOf(part);
    if (terms === null) return null;
    for (const [key, value] of Object.entries(terms)) {
      if (found.has(key)) return null;
      found.set(key, value);
    }
  }
  return parts.length === 0 ? null : Object.fromEntries(found);
}
