import { relative } from 'node:path';
import { inspect } from 'node:util';

/** What the report reads of an event of `run()` in `node:test`. */
export type SuiteEvent = { readonly type: string; readonly data: unknown };

type Details = {
  readonly duration_ms: number;
  readonly type?: string;
  readonly passed: boolean;
  /** The suites and tests around it. */
  readonly classname?: string;
  readonly error?: Error & { readonly failureType?: string };
};

type Told = {
  readonly name: string;
  readonly file: string;
  /** The file that ran; missing where the event is about that file itself. */
  readonly entryFile?: string;
  readonly testId: number;
  readonly line?: number;
  readonly details?: Details;
  readonly message?: string;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
};

type Running = { readonly sinceMs: number; readonly tests: Map<number, string>; said: string; count: number };

export type SuiteReport = {
  readonly take: (event: SuiteEvent) => void;
  /** Whether a file has been running for longer than `limitMs`; says which, and what it was doing. */
  readonly overdue: (limitMs: number) => boolean;
  /** Tells the failures in full and then the counts. Returns whether all is well. */
  readonly end: () => boolean;
};

/** One line per file while it goes on; at the end every failure in full, what was skipped, and the counts. */
export function createSuiteReport(options: {
  readonly root: string;
  readonly write: (text: string) => void;
  /** Monotonic, ms. */
  readonly now: () => number;
}): SuiteReport {
  const { root, write, now } = options;
  const startedMs = now();
  const running = new Map<string, Running>();
  const failures: string[] = [];
  const skipped: string[] = [];
  let files = 0;
  let passed = 0;
  let failed = 0;

  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

  function fail(told: Told, error: Error | undefined): void {
    failed += 1;
    const cause = error?.cause instanceof Error ? error.cause : error;
    const name = told.entryFile === undefined ? 'the file did not end well' : told.name;
    const around = told.details?.classname;
    const title = around === undefined ? name : `${around} > ${name}`;
    failures.push(
      `✖ ${relative(root, told.file)}:${told.line ?? 1}  ${title}\n${indented(shortened(inspect(cause)))}`,
    );
  }

  function testEnded(told: Told, details: Details): void {
    const file = running.get(told.entryFile ?? '');
    file?.tests.delete(told.testId);
    if (details.type === 'suite') {
      if (!details.passed && details.error?.failureType !== 'subtestsFailed') fail(told, details.error);
      return;
    }
    if (file !== undefined) file.count += 1;
    if (told.skip !== undefined || told.todo !== undefined) {
      skipped.push(`${told.name} (${told.skip ?? told.todo})`);
    } else if (details.passed) passed += 1;
    else if (details.error?.failureType !== 'subtestsFailed') fail(told, details.error);
  }

  function fileEnded(told: Told, details: Details): void {
    const file = running.get(told.file);
    running.delete(told.file);
    files += 1;
    const name = relative(root, told.file);
    write(
      `${details.passed ? '✔' : '✖'} ${seconds(details.duration_ms).padStart(7)}  ${name} (${file?.count ?? 0})\n`,
    );
    if (details.passed) return;
    if (details.error?.failureType !== 'subtestsFailed') fail(told, details.error);
    if (file !== undefined && file.said !== '') failures.push(`  ${name} said:\n${indented(file.said)}`);
  }

  function take({ type, data }: SuiteEvent): void {
    const told = data as Told;
    const ofFile = told.entryFile === undefined;
    if (type === 'test:dequeue' && ofFile) {
      running.set(told.file, { sinceMs: now(), tests: new Map(), said: '', count: 0 });
    } else if (type === 'test:dequeue') {
      running.get(told.entryFile ?? '')?.tests.set(told.testId, told.name);
    } else if (type === 'test:stdout' || type === 'test:stderr') {
      const file = running.get(told.entryFile ?? told.file);
      if (file !== undefined) file.said += told.message ?? '';
    } else if (type === 'test:complete' && told.details !== undefined) {
      if (ofFile) fileEnded(told, told.details);
      else testEnded(told, told.details);
    }
  }

  function overdue(limitMs: number): boolean {
    const late = [...running].filter(([, { sinceMs }]) => now() - sinceMs > limitMs);
    for (const [file, { tests }] of late) {
      failures.push(
        `✖ ${relative(root, file)}  has not ended after ${seconds(limitMs)}, in: ${[...tests.values()].join(', ') || 'no test'}\n`,
      );
    }
    return late.length > 0;
  }

  function end(): boolean {
    if (failures.length > 0) write(`\n${failures.join('\n')}`);
    if (skipped.length > 0) write(`\nskipped:\n${indented(skipped.join('\n'))}`);
    write(
      `\n${passed + failed + skipped.length} tests in ${files} ${files === 1 ? 'file' : 'files'}: ${passed} passed, ${failed} failed, ${skipped.length} skipped, ${seconds(now() - startedMs)}\n`,
    );
    return failures.length === 0 && running.size === 0;
  }

  return { take, overdue, end };
}

/** Without the lines of the stack that lie in the test runner. */
function shortened(text: string): string {
  return text.replaceAll(/^ +at .*\bnode:internal\/.*(?<!\{)\n/gm, '');
}

function indented(text: string): string {
  return `${text.trimEnd().replaceAll(/^/gm, '    ')}\n`;
}
