/** `1 case`, `2 cases`. @param plural where it is not the singular with an s */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/**
 * How long something took, in a unit that shows something of it: `480 µs`, `3.2 ms`, `124 ms`, `1.3 s`, `2 min 5 s`.
 * @param ms not negative
 */
export function spanInWords(ms: number): string {
  if (ms === 0) return 'under 1 ms';
  if (ms < 0.9995) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 119_500) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
