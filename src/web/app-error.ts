/** A caller's mistake over HTTP. Everything else that goes wrong is "internal" outside and complete in the log. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;

  constructor(code: AppErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const STATUS_OF = {
  invalid: 400,
  not_found: 404,
  method_not_allowed: 405,
  unavailable: 503,
} as const;
export type AppErrorCode = keyof typeof STATUS_OF;
