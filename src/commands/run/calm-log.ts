import { type DestinationStream, type Logger, pino } from 'pino';

/** What keeps going wrong in the same way is written this often. */
const AGAIN_MS = 60_000;
/** So many kinds of trouble are told apart. */
const KINDS = 200;
const WARNING = 40;

/**
 * A log in JSON lines that says what keeps going wrong once a minute instead of every second, with how often it was:
 * the disk that is full is often the one the log is on.
 */
export function calmLog(to: DestinationStream, now: () => number): Logger {
  const told = new Map<string, { at: number; since: number }>();
  return pino(
    {
      base: null,
      hooks: {
        logMethod(args, method, level) {
          if (level <= WARNING) {
            method.apply(this, args);
            return;
          }
          const [about, message] = args as unknown as [Readonly<Record<string, unknown>>, string?];
          const key = `${message}\n${reasonOf(about)}`;
          const at = now();
          const known = told.get(key);
          // A clock that was set back must not silence it for long.
          if (known !== undefined && Math.abs(at - known.at) < AGAIN_MS) {
            known.since += 1;
            return;
          }
          told.delete(key);
          if (told.size >= KINDS) told.delete(told.keys().next().value ?? '');
          told.set(key, { at, since: 0 });
          const more = known?.since ?? 0;
          method.apply(this, more === 0 ? args : ([{ ...about, repeated: more }, message] as typeof args));
        },
      },
    },
    to,
  );
}

function reasonOf(about: Readonly<Record<string, unknown>>): string {
  const { err, message, reason, what } = about;
  const said = err instanceof Error ? err.message : (message ?? reason);
  return `${String(what ?? '')} ${String(said ?? '').split('\n', 1)[0]}`;
}
