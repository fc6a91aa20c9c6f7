import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { Issues } from '../../card/profile/issues.ts';
import { integer, text } from '../../card/profile/scalars.ts';
import { type Path, plain, readSource } from '../../card/profile/source.ts';
import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import { IMPORTERS } from '../../trace/formats/index.ts';
import { parseDeviation } from '../replay/deviation.ts';
import { TemplateError } from '../replay/hex-template.ts';
import type { Pace } from '../replay/pace.ts';
import type { Expectation } from '../replay/report/model.ts';
import { readRules } from '../replay/rules-file.ts';
import { readSecrets } from '../replay/secrets.ts';

/** The file that makes a folder a suite. */
export const SUITE_FILE = 'suite.yaml';
/** The version of the language that is read. */
export const SUITE_VERSION = 1;

/** One trace of a suite, with what holds for all filled in. Paths lead from where the program runs. */
export interface SuiteTrace {
  readonly id: string;
  readonly title: string | null;
  readonly file: string;
  /** Name of an importer; null: guess. */
  readonly from: string | null;
  readonly rules: string | null;
  readonly secrets: string | null;
  readonly interface: 'contact' | 'contactless' | 'wired' | null;
  readonly pace: Pace;
  /** As typed: `+5ms`. */
  readonly maxDeviation: string | null;
  readonly expect: Expectation;
  /** How often it is replayed again from its beginning while it does not do as expected. */
  readonly retries: number;
  readonly quarantine: { readonly reason: string; readonly until: string } | null;
}

export interface Suite {
  readonly name: string;
  readonly title: string | null;
  /** Path of its suite.yaml. */
  readonly file: string;
  readonly traces: readonly SuiteTrace[];
}

/**
 * The suite in a folder. All that it names is looked at: a fault in a file of rules is told before any trace runs.
 * @throws {ProfileError} every fault with file, line and column; {CannotRun} no suite there
 */
export function readSuite(folder: string): Suite {
  const file = join(folder, SUITE_FILE);
  if (!existsSync(file)) throw new CannotRun(`${folder} is no suite: it has no ${SUITE_FILE}`);
  const suite = parseSuite(readInputText(file, 'a suite'), file, folder);
  for (const rules of new Set(suite.traces.flatMap((trace) => trace.rules ?? []))) readRules(rules);
  for (const secrets of new Set(suite.traces.flatMap((trace) => trace.secrets ?? []))) readSecrets(secrets);
  return suite;
}

/** Text that `read` turns into something, or refuses in one sentence. */
function scalar<T>(read: (text: string) => T | undefined, otherwise: string): z.ZodType<T> {
  return z.string().transform((written, context) => {
    const value = read(written);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: otherwise, input: written });
    return z.NEVER;
  });
}

const MOST_RETRIES = 10;

const id = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, { error: 'an id is up to 64 letters, digits, - _ and .' });
const expectation = scalar((written): Expectation | undefined => {
  if (written === 'pass') return { kind: 'pass' };
  const exchange = /^fail-at ([1-9]\d{0,8})$/.exec(written)?.[1];
  return exchange === undefined ? undefined : { kind: 'fail-at', exchange: Number(exchange) };
}, 'a trace is expected to `pass`, or to `fail-at 12`: to differ first at exchange 12');
const pace = scalar((written): Pace | undefined => {
  if (written === 'fast') return 'fast';
  if (written === 'original') return 1;
  return /^\d{1,4}(\.\d+)?$/.test(written) && Number(written) > 0 ? Number(written) : undefined;
}, 'a pace is fast, original, or a factor such as 2 or 0.5');
const deviation = scalar((written): string | undefined => {
  try {
    parseDeviation(written);
    return written;
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}, 'a deviation is a time or a part, as 5ms, 200us or 20%, with + for slower only');
const day = scalar(
  (written) => (isDay(written) ? written : undefined),
  'a day is written as 2026-12-31, and is in the calendar',
);
const format = scalar(
  (written) => (IMPORTERS.some(({ name }) => name === written) ? written : undefined),
  'this format is not read (see: vitap convert --list)',
);

const shared = {
  rules: text.optional(),
  secrets: text.optional(),
  interface: z.enum(['contact', 'contactless', 'wired']).optional(),
  pace: pace.optional(),
  maxDeviation: deviation.optional(),
  retries: integer(0, MOST_RETRIES).optional(),
};
const traceSchema = z.strictObject({
  ...shared,
  id,
  title: text.optional(),
  file: text,
  from: format.optional(),
  expect: expectation.optional(),
  quarantine: z.strictObject({ reason: text, until: day }).optional(),
});
const document = z.strictObject({
  ...shared,
  version: integer(1, SUITE_VERSION),
  name: id.optional(),
  title: text.optional(),
  traces: z.array(traceSchema).min(1),
});

/**
 * @param name what errors call the text
 * @param folder from which the paths in it lead
 * @throws {ProfileError} every fault with file, line and column
 */
export function parseSuite(source: string, name: string, folder: string): Suite {
  const written = readSource(source, name);
  const issues = new Issues(written);
  const result = document.safeParse(plain(written), { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) issues.reportSchema(issue);
    issues.throwIfAny();
    throw result.error;
  }
  const { data } = result;
  const path = (file: string | undefined, at: Path): string | null => {
    if (file === undefined) return null;
    const found = join(folder, file);
    if (!existsSync(found)) issues.report(at, `there is no file ${found}`);
    return found;
  };
  const ids = new Set<string>();
  const traces = data.traces.map((trace, i): SuiteTrace => {
    const at: Path = ['traces', i];
    // Without regard to case: the ids become names of files.
    if (ids.has(trace.id.toLowerCase())) issues.report([...at, 'id'], `another trace has the id \`${trace.id}\``);
    ids.add(trace.id.toLowerCase());
    return {
      id: trace.id,
      title: trace.title ?? null,
      file: path(trace.file, [...at, 'file']) as string,
      from: trace.from ?? null,
      rules: path(trace.rules, [...at, 'rules']) ?? path(data.rules, ['rules']),
      secrets: path(trace.secrets, [...at, 'secrets']) ?? path(data.secrets, ['secrets']),
      interface: trace.interface ?? data.interface ?? null,
      pace: trace.pace ?? data.pace ?? 'fast',
      maxDeviation: trace.maxDeviation ?? data.maxDeviation ?? null,
      expect: trace.expect ?? { kind: 'pass' },
      retries: trace.retries ?? data.retries ?? 0,
      quarantine: trace.quarantine ?? null,
    };
  });
  issues.throwIfAny();
  return { name: data.name ?? basename(resolve(folder)), title: data.title ?? null, file: name, traces };
}

function isDay(written: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(written)) return false;
  const date = new Date(`${written}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(written);
}
