import picomatch from 'picomatch';

/**
 * Whether a name matches one of the patterns. `*` matches slashes too: model names such as `deepseek-ai/DeepSeek-V3.2`
 * are names, not paths. A pattern that is the name itself always matches.
 */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map((pattern) => picomatch(pattern, { bash: true, dot: true, strictSlashes: true }));
  return (name) => patterns.includes(name) || tests.some((test) => test(name));
}
