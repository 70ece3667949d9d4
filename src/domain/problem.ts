/** Something the operator must mend: where it stands, what was found and what was expected. */
export type Problem = {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** Dotted path of the value, e.g. `tiers.pro.apiKey` or `models[2].id`. Empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
};

/** `file:line:column  path  message`, the form editors and terminals make clickable. */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === '' ? '' : `  ${problem.path}`;
  const severity = problem.severity === 'warning' ? '  warning:' : '';
  return `${place}${path}${severity}  ${problem.message}`;
}
