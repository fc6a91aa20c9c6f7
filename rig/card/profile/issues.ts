import type { z } from 'zod';
import { ProfileError, type ProfileIssue } from './profile-error.ts';
import { nearest, type Path, type Written } from './source.ts';

/** Collects what is wrong in one profile; paths are turned into places in the text. */
export class Issues {
  readonly #root: Written;
  readonly #found = new Map<string, ProfileIssue>();

  constructor(root: Written) {
    this.#root = root;
  }

  get count(): number {
    return this.#found.size;
  }

  /** At the value of a path, or as near above it as something is written. */
  report(path: Path, message: string): void {
    const { value, place, keyPlace } = nearest(this.#root, path);
    // A whole mapping or list is named by its key, where there is one: its first line may be far from the point.
    this.#add(typeof value === 'string' ? place : (keyPlace ?? place), message);
  }

  /** At a key, not its value. */
  reportKey(entry: Written, message: string): void {
    this.#add(entry.keyPlace ?? entry.place, message);
  }

  /** What the schema found; it must have been told to report inputs. */
  reportSchema(issue: z.core.$ZodIssue): void {
    const written = nearest(this.#root, issue.path);
    const name = String(issue.path.at(-1) ?? 'profile');
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const entry = written.value instanceof Map ? written.value.get(key) : undefined;
        this.reportKey(entry ?? written, `\`${key}\` is not a key that is known here`);
      }
    } else if ('input' in issue && issue.input === undefined && issue.code !== 'custom') {
      this.report(issue.path, `\`${name}\` is missing`);
    } else {
      this.report(issue.path, schemaMessage(issue, written));
    }
  }

  /** @throws {ProfileError} when there is anything, in the order of the text */
  throwIfAny(): void {
    if (this.#found.size === 0) return;
    const issues = [...this.#found.values()];
    const files = [...new Set(issues.map(({ file }) => file))];
    issues.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column);
    throw new ProfileError(issues);
  }

  #add(place: Written['place'], message: string): void {
    const { file, line, column } = place;
    this.#found.set(`${file}:${line}:${column}:${message}`, { file, line, column, message });
  }
}

function schemaMessage(issue: z.core.$ZodIssue, written: Written): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'array') return 'a list is needed here';
      return issue.expected === 'string'
        ? 'a single value is needed here'
        : 'a mapping of keys to values is needed here';
    case 'invalid_value':
      if (issue.message.startsWith('Invalid')) {
        const what = typeof written.value === 'string' ? `\`${written.value.slice(0, 40)}\`` : 'this';
        return `${what} is none of ${issue.values.join(', ')}`;
      }
      return issue.message;
    case 'too_small':
      return 'at least one entry is needed here';
    default:
      return issue.message;
  }
}
