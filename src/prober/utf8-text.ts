/** Turns bytes into text piece by piece; what is no UTF-8 becomes U+FFFD. */
export type Utf8Text = {
  next(chunk: Buffer): string;
  /** What is left of a character that never became whole. */
  rest(): string;
};

/**
 * Almost every chunk of a stream ends on a whole character, and then the platform's one-shot conversion does. A
 * streaming decoder, which holds memory outside the heap, is made only for a stream that needs it.
 */
export function createUtf8Text(): Utf8Text {
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  return {
    next(chunk) {
      const last = chunk[chunk.length - 1];
      if (decoder === null && (last === undefined || last < 0x80)) return chunk.toString('utf8');
      // `ignoreBOM` leaves a byte-order mark in the text, as the one-shot conversion does.
      decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
      return decoder.decode(chunk, { stream: true });
    },
    rest: () => decoder?.decode() ?? '',
  };
}
