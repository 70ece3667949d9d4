/** A caller's mistake over HTTP, or a wish that cannot be met now. Everything else that goes wrong is "internal" outside and complete in the log. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;
  /** Asking again helps after so many seconds; `null`: nobody can say, or it does not help. */
  readonly comeAgainAfterS: number | null;

  constructor(code: AppErrorCode, message: string, comeAgainAfterS: number | null = null) {
    super(message);
    this.code = code;
    this.comeAgainAfterS = comeAgainAfterS;
  }
}

export const STATUS_OF = {
  invalid: 400,
  not_found: 404,
  method_not_allowed: 405,
  unavailable: 503,
} as const;
export type AppErrorCode = keyof typeof STATUS_OF;
