/** What a command may touch of the outside, as parameters, so that a test can stand in for any of it. */
export type World = {
  /** Wall clock, epoch ms UTC. */
  readonly now: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output: results, and nothing else. */
  readonly out: (text: string) => void;
  /** Standard error: progress, warnings, reasons. */
  readonly err: (text: string) => void;
};

/** The operator can mend this: it is told in one line, without a stack, and ends the command with `exitCode`. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly exitCode: number;

  constructor(message: string, options: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 2;
  }
}
