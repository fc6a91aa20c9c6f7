/** One thing that is wrong in a profile, and where. */
export interface ProfileIssue {
  /** As the user named it, or `profiles/NAME.yaml` for a shipped one. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** Nobody reads more at once. */
const MOST_SHOWN = 100;

/** A profile that cannot be used: every fault that was found, one a line (`file:line:column: message`). */
export class ProfileError extends Error {
  /** In the order of the text; empty when the file could not be read at all. */
  readonly issues: readonly ProfileIssue[];

  constructor(problem: readonly ProfileIssue[] | string, options?: { cause?: unknown }) {
    super(typeof problem === 'string' ? problem : lines(problem), options);
    this.name = 'ProfileError';
    this.issues = typeof problem === 'string' ? [] : problem;
  }
}

function lines(issues: readonly ProfileIssue[]): string {
  const shown = issues.slice(0, MOST_SHOWN).map(line);
  const [more] = issues.slice(MOST_SHOWN);
  if (more !== undefined) shown.push(`${more.file}: and ${issues.length - MOST_SHOWN} more`);
  return shown.join('\n');
}

function line(issue: ProfileIssue): string {
  return `${issue.file}:${issue.line}:${issue.column}: ${issue.message}`;
}
