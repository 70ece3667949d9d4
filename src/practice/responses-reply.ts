import type { AnswerName } from './chat-reply.ts';
import { type Frame, halfJsonScript, jsonScript, type Script } from './script.ts';
import { type Telling, textOf } from './telling.ts';

function messageOf(id: string, text: string): object {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  };
}

function output(telling: Telling, id: string): object[] {
  const text = textOf(telling, 'content');
  const reasoning = textOf(telling, 'reasoning');
  const message = messageOf(id, text);
  if (reasoning === '') return [message];
  return [
    { id: `rs_${id}`, type: 'reasoning', summary: [{ type: 'summary_text', text: reasoning }] },
    message,
  ];
}

function envelope(
  telling: Telling,
  name: AnswerName,
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed',
): Record<string, unknown> {
  const isOver = status === 'completed' || status === 'incomplete';
  return {
    id: name.id,
    object: 'response',
    created_at: name.createdS,
    status,
    error: status === 'failed' ? { code: 'server_error', message: 'PracticeException - on purpose.' } : null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: { practice: 'true' },
    model: telling.model,
    service_tier: telling.serviceTier,
    parallel_tool_calls: false,
    temperature: null,
    top_p: null,
    tool_choice: 'none',
    tools: [],
    output: isOver ? output(telling, name.id) : [],
    usage: isOver
      ? {
          input_tokens: telling.promptTokens,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: telling.tokens.length,
          output_tokens_details: { reasoning_tokens: telling.reasoningTokens },
          total_tokens: telling.promptTokens + telling.tokens.length,
        }
      : null,
  };
}

/** A streamed response. https://platform.openai.com/docs/api-reference/responses-streaming */
export function responsesStream(
  telling: Telling,
  name: AnswerName,
  headers: Readonly<Record<string, string>>,
): Script {
  const frames: Frame[] = [];
  const say = (atUs: number, type: string, fields: object): void => {
    const event = { type, sequence_number: frames.length, ...fields };
    frames.push({ atUs, text: `event: ${type}\ndata: ${JSON.stringify(event)}\n\n` });
  };
  const thinks = telling.reasoningTokens > 0;
  const place = { item_id: `msg_${name.id}`, output_index: thinks ? 1 : 0, content_index: 0 };
  const started = telling.headersAtUs;
  say(started, 'response.created', { response: envelope(telling, name, 'in_progress') });
  const begun = new Set<string>();
  for (const token of telling.tokens) {
    if (!begun.has(token.kind)) {
      begun.add(token.kind);
      if (token.kind === 'reasoning') {
        const item = { id: `rs_${name.id}`, type: 'reasoning', summary: [] };
        say(token.atUs, 'response.output_item.added', { output_index: 0, item });
        const part = { type: 'summary_text', text: '' };
        const at = { item_id: item.id, output_index: 0, summary_index: 0 };
        say(token.atUs, 'response.reasoning_summary_part.added', { ...at, part });
      } else {
        const item = { ...messageOf(name.id, ''), status: 'in_progress', content: [] };
        say(token.atUs, 'response.output_item.added', { output_index: place.output_index, item });
        const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
        say(token.atUs, 'response.content_part.added', { ...place, part });
      }
    }
    if (token.kind === 'reasoning') {
      say(token.atUs, 'response.reasoning_summary_text.delta', {
        item_id: `rs_${name.id}`,
        output_index: 0,
        summary_index: 0,
        delta: token.text,
      });
    } else {
      say(token.atUs, 'response.output_text.delta', { ...place, delta: token.text, logprobs: [] });
    }
  }
  const atUs = telling.endAtUs;
  const script = (ending: Script['ending']): Script => ({
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    headersAtUs: started,
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
      say(atUs, 'response.failed', { response: envelope(telling, name, 'failed') });
      return script({ kind: 'complete', atUs });
    case 'no-done':
    case 'complete': {
      const status = telling.finish === 'stop' ? 'completed' : 'incomplete';
      say(atUs, 'response.output_text.done', { ...place, text: textOf(telling, 'content'), logprobs: [] });
      if (begun.has('content')) {
        const item = messageOf(name.id, textOf(telling, 'content'));
        say(atUs, 'response.output_item.done', { output_index: place.output_index, item });
      }
      say(atUs, `response.${status}`, { response: envelope(telling, name, status) });
      return script({ kind: 'complete', atUs });
    }
  }
}

/** A response in one piece. https://platform.openai.com/docs/api-reference/responses/object */
export function responsesWhole(
  telling: Telling,
  name: AnswerName,
  headers: Readonly<Record<string, string>>,
): Script {
  const status = telling.finish === 'stop' ? 'completed' : 'incomplete';
  const body = envelope(telling, name, telling.close === 'error' ? 'failed' : status);
  switch (telling.close) {
    case 'truncated':
    case 'broken':
    case 'stalled':
      return halfJsonScript(headers, body, telling.endAtUs, telling.close);
    case 'error':
    case 'no-done':
    case 'complete':
      return jsonScript(200, headers, body, telling.endAtUs);
  }
}
