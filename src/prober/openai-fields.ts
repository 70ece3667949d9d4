import type { ErrorBody, Usage } from '../domain/measure/observation.ts';
import { countIn, isObject, type JsonObject, nonEmptyText, objectIn, textIn } from './json-value.ts';
import type { Reading } from './reading.ts';

/**
 * Token counts in the words of chat completions (`prompt_tokens`, `completion_tokens`) or of the Responses API and
 * Anthropic (`input_tokens`, `output_tokens`). `null` if there are none.
 * https://platform.openai.com/docs/api-reference/chat/object
 */
function usageIn(value: unknown): Usage | null {
  const usage = objectIn(value);
  if (usage === null) return null;
  const read: Usage = {
    promptTokens: countIn(usage.prompt_tokens) ?? countIn(usage.input_tokens),
    completionTokens: countIn(usage.completion_tokens) ?? countIn(usage.output_tokens),
    reasoningTokens:
      countIn(objectIn(usage.completion_tokens_details)?.reasoning_tokens) ??
      countIn(objectIn(usage.output_tokens_details)?.reasoning_tokens),
    cachedTokens:
      countIn(objectIn(usage.prompt_tokens_details)?.cached_tokens) ??
      countIn(objectIn(usage.input_tokens_details)?.cached_tokens) ??
      countIn(usage.prompt_cache_hit_tokens),
  };
  return read.promptTokens === null && read.completionTokens === null ? null : read;
}

/**
 * The error object of an answer or event, in any of the shapes in use: `{error: {message, type, code}}` (OpenAI,
 * OpenRouter, LiteLLM), `{error: "text"}`, `{type: "error", error: {…}}` (Anthropic), a list of one (Google),
 * `{detail: …}` (FastAPI) and `{message, code}` (vLLM's older form). `null` if the value is not an error.
 */
export function errorIn(value: unknown): ErrorBody | null {
  // One level only: a hostile body may be nested deeper than our stack.
  const body = objectIn(Array.isArray(value) && value.length === 1 ? value[0] : value);
  if (body === null) return null;
  const error = body.error;
  if (nonEmptyText(error)) return errorBody(error, body);
  if (isObject(error)) return errorBody(describe(error), error);
  if (body.object === 'error' || body.type === 'error') return errorBody(describe(body), body);
  return null;
}

/** The error of a body that is known to be one because of its status. */
export function errorInFailure(value: unknown): ErrorBody | null {
  const known = errorIn(value);
  if (known !== null) return known;
  const body = objectIn(value);
  if (body === null) return null;
  for (const name of ['message', 'detail', 'error_description', 'title']) {
    const value = body[name];
    // FastAPI lists what was wrong with the request: https://fastapi.tiangolo.com/tutorial/handling-errors/
    const text = Array.isArray(value) ? objectIn(value[0])?.msg : value;
    if (nonEmptyText(text)) return errorBody(text, body);
  }
  return null;
}

function describe(error: JsonObject): string {
  for (const name of ['message', 'msg', 'detail', 'type', 'code', 'status']) {
    const value = error[name];
    if (nonEmptyText(value)) return value;
    if (typeof value === 'number') return String(value);
  }
  return '';
}

function errorBody(message: string, from: JsonObject): ErrorBody {
  const code = from.code ?? from.status;
  const metadata = objectIn(from.metadata);
  return {
    message,
    type: textIn(from.type),
    code: typeof code === 'number' ? String(code) : textIn(code),
    // OpenRouter tells a budget of ours from a limit of the provider here.
    limitSource: textIn(metadata?.limit_source),
  };
}

/** Fields every chat answer or chunk may carry at its top: who answered, how, and for how much. */
export function readTop(reading: Reading, body: JsonObject, atUs: number): void {
  if (reading.answerId === null && nonEmptyText(body.id)) reading.answerId = body.id;
  if (nonEmptyText(body.model)) noteModel(reading, body.model);
  if (nonEmptyText(body.provider)) reading.provider = body.provider;
  if (nonEmptyText(body.service_tier)) reading.serviceTier = body.service_tier;
  if (nonEmptyText(body.system_fingerprint)) reading.systemFingerprint = body.system_fingerprint;
  if (nonEmptyText(body.obfuscation)) reading.obfuscated = true;
  const usage = body.usage;
  if (usage !== undefined && usage !== null) {
    const read = usageIn(usage);
    if (read !== null) {
      reading.usage = read;
      reading.times.usageUs = atUs;
    }
  }
  // https://openrouter.ai/docs/features/provider-routing
  const attempts = objectIn(body.openrouter_metadata)?.attempts;
  if (Array.isArray(attempts)) reading.bodyAttempts = attempts.length;
}

function noteModel(reading: Reading, model: string): void {
  if (reading.models.length < 4 && !reading.models.includes(model)) reading.models.push(model);
}

/** Content may be text or a list of parts. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => textIn(objectIn(part)?.text) ?? '').join('');
}

/** Does any tool call carry a name or arguments? */
export function hasToolCall(message: JsonObject): boolean {
  const calls = message.tool_calls;
  if (Array.isArray(calls) && calls.some((call) => hasNameOrArguments(objectIn(call)?.function))) return true;
  return hasNameOrArguments(message.function_call);
}

function hasNameOrArguments(value: unknown): boolean {
  const fn = objectIn(value);
  return fn !== null && (nonEmptyText(fn.name) || nonEmptyText(fn.arguments));
}

/** Reasoning goes by several names: DeepSeek and vLLM say `reasoning_content`, OpenRouter `reasoning`. */
export function reasoningText(message: JsonObject): string {
  const { reasoning_content, reasoning, thinking } = message;
  if (nonEmptyText(reasoning_content)) return reasoning_content;
  if (nonEmptyText(reasoning)) return reasoning;
  return nonEmptyText(thinking) ? thinking : '';
}
