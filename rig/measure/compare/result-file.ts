import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import { RESULT_SCHEMA, RESULT_VERSION, type TapBenchResult } from '../tap/result.ts';

/** A tap of 30 exchanges takes 5 KB: a run of 50,000. */
const LARGEST_RESULT = 256 * 1024 * 1024;

/** Reads what `vitap bench tap --save` wrote. @throws {CannotRun} it is no such file, or one of another version */
export function readResultFile(path: string): TapBenchResult {
  let text: string;
  try {
    text = readInputText(path, 'a result', LARGEST_RESULT);
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    const words = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read';
    throw new CannotRun(`${path}: ${words}; \`vitap bench tap --save FILE\` makes one`, { cause: error });
  }
  return parseResult(text, path);
}

/** @param name for what is said of it */
export function parseResult(text: string, name: string): TapBenchResult {
  const result = asResult(text);
  if (result === null) throw new CannotRun(`${name}: this is no result of \`vitap bench tap --save\``);
  if (result.version !== RESULT_VERSION) {
    throw new CannotRun(`${name}: a result of version ${result.version}; this program reads version ${RESULT_VERSION}`);
  }
  const damaged = damageOf(result);
  if (damaged !== null) throw new CannotRun(`${name}: the result is damaged: ${damaged}`);
  return { ...result, first: result.first ?? null };
}

/** A document of this schema, or null for any other text. */
export function asResult(text: string): TapBenchResult | null {
  try {
    const value: unknown = JSON.parse(text);
    const isResult = typeof value === 'object' && value !== null && 'schema' in value && value.schema === RESULT_SCHEMA;
    return isResult ? (value as TapBenchResult) : null;
  } catch {
    return null;
  }
}

/** What a comparison needs and does not find, or null. */
function damageOf(result: TapBenchResult): string | null {
  const {
    taps,
    first = null,
    setup,
    diagnosis,
    environment,
    figures,
  } = result as { readonly [K in keyof TapBenchResult]?: unknown };
  if (!Array.isArray(taps)) return 'no taps';
  if (!taps.every(isTap)) return 'a tap without its times';
  if (first !== null && !isTap(fields(first).sample)) return 'a first tap without its times';
  const { reader, sequence } = fields(setup);
  const { machine, node, backend, card } = fields(environment);
  if (![reader, sequence, machine, node, backend, card].every((each) => typeof each === 'string')) return 'no set-up';
  if (typeof fields(diagnosis).trusted !== 'boolean') return 'no diagnosis';
  if (figures !== null && !isCommands(fields(figures).commands)) return 'no figures of its commands';
  return null;
}

/** A failed one has its reason; a good one has times, and its end is after its start. */
function isTap(tap: unknown): boolean {
  const { failure, startNs, endNs } = fields(tap);
  if (failure !== null) return typeof fields(failure).kind === 'string';
  return isNumber(startNs) && isNumber(endNs) && endNs > startNs;
}

function isCommands(commands: unknown): boolean {
  if (!Array.isArray(commands)) return false;
  return commands.every((each) => {
    const { command, count, p50 } = fields(each);
    return typeof command === 'string' && isNumber(count) && isNumber(p50);
  });
}

function fields(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null ? (value as { readonly [name: string]: unknown }) : {};
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
