import { type Frame, halfJsonScript, jsonScript, type Script } from './script.ts';
import { type Telling, textOf } from './telling.ts';

/** What identifies an answer. */
export type AnswerName = { readonly id: string; readonly createdS: number };

const MIDSTREAM_ERROR =
  '{"error":{"message":"PracticeException - generation failed, on purpose.","type":"server_error","param":null,"code":"provider_error"}}';

function usageOf(telling: Telling): object {
  const completion = telling.tokens.length;
  return {
    prompt_tokens: telling.promptTokens,
    completion_tokens: completion,
    total_tokens: telling.promptTokens + completion,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: telling.reasoningTokens },
  };
}

/**
 * A streamed chat completion: role, tokens, finish reason, usage if asked for, `[DONE]`.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function chatStream(
  telling: Telling,
  name: AnswerName,
  includeUsage: boolean,
  headers: Readonly<Record<string, string>>,
): Script {
  // Chunks differ only in their delta: everything before it is written once per answer.
  const head = `data: {"id":"${name.id}","object":"chat.completion.chunk","created":${name.createdS},"model":${JSON.stringify(telling.model)},"system_fingerprint":"practice","service_tier":"${telling.serviceTier}",`;
  const tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  const chunk = (delta: string, finish: string): string =>
    `${head}"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}${tail}`;

  const frames: Frame[] = [
    { atUs: telling.headersAtUs, text: chunk('{"role":"assistant","content":""}', 'null') },
  ];
  for (const token of telling.tokens) {
    const text = JSON.stringify(token.text);
    const delta = token.kind === 'reasoning' ? `{"reasoning_content":${text}}` : `{"content":${text}}`;
    frames.push({ atUs: token.atUs, text: chunk(delta, 'null') });
  }
  const atUs = telling.endAtUs;
  const script = (ending: Script['ending']): Script => ({
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    headersAtUs: telling.headersAtUs,
    frames,
    ending,
  });
  switch (telling.close) {
    case 'stalled':
      return script({ kind: 'never', comments: false });
    case 'broken':
      return script({ kind: 'broken', atUs });
    case 'truncated':
      return script({ kind: 'complete', atUs });
    case 'error':
      frames.push({ atUs, text: `data: ${MIDSTREAM_ERROR}\n\n` });
      return script({ kind: 'complete', atUs });
    case 'no-done':
    case 'complete':
      frames.push({ atUs, text: chunk('{}', `"${telling.finish}"`) });
      if (includeUsage) {
        frames.push({ atUs, text: `${head}"choices":[],"usage":${JSON.stringify(usageOf(telling))}}\n\n` });
      }
      if (telling.close === 'complete') frames.push({ atUs, text: 'data: [DONE]\n\n' });
      return script({ kind: 'complete', atUs });
  }
}

/** A chat completion in one piece. https://platform.openai.com/docs/api-reference/chat/object */
export function chatWhole(
  telling: Telling,
  name: AnswerName,
  headers: Readonly<Record<string, string>>,
): Script {
  const reasoning = textOf(telling, 'reasoning');
  const body = {
    id: name.id,
    object: 'chat.completion',
    created: name.createdS,
    model: telling.model,
    system_fingerprint: 'practice',
    service_tier: telling.serviceTier,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: textOf(telling, 'content'),
          refusal: null,
          ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
        },
        logprobs: null,
        finish_reason: telling.close === 'truncated' ? null : telling.finish,
      },
    ],
    usage: usageOf(telling),
  };
  switch (telling.close) {
    case 'error':
      return jsonScript(200, headers, JSON.parse(MIDSTREAM_ERROR), telling.endAtUs);
    case 'broken':
    case 'stalled':
      return halfJsonScript(headers, body, telling.endAtUs, telling.close);
    case 'truncated':
    case 'no-done':
    case 'complete':
      return jsonScript(200, headers, body, telling.endAtUs);
  }
}
