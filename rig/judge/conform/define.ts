import { type Clause, clauseOf } from './clauses.ts';
import type { CardDeclaration } from './declaration.ts';
import { hex } from './hex-pattern.ts';
import { DoesNotApply } from './located.ts';
import type { Capture, CommandStep, ConformanceCase, Expectation, Need, PowerStep, Step, SweepStep } from './model.ts';

export { given } from './located.ts';

/** What a case is written as; `needs` become the argument of `steps`, under the same names. */
export interface CaseText<N extends Readonly<Record<string, Need<unknown>>>> {
  readonly id: string;
  readonly title: string;
  /** Where it is not ISO/IEC 7816-4 or -9: then no clause is cited but a stated one. */
  readonly standard?: string;
  /** That of the group or of the first command unless stated. */
  readonly clause?: Clause;
  readonly commands: readonly string[];
  /** Taken from the judged steps when not stated. */
  readonly statusWords?: readonly string[];
  readonly destructive?: boolean;
  readonly needs?: N;
  /**
   * The steps, from a cold reset. Called when every need is met, and may still find the card wanting: then it returns
   * the reason as a string.
   */
  readonly steps: (found: Found<N>) => readonly (Step | readonly Step[])[] | string;
}

export type Found<N> = { readonly [K in keyof N]: N[K] extends Need<infer T> ? T : never };

export function defineCase<const N extends Readonly<Record<string, Need<unknown>>>>(
  text: CaseText<N>,
): ConformanceCase {
  const { needs, standard } = text;
  return {
    id: text.id,
    title: text.title,
    ...(text.clause ?? (standard === undefined ? clauseOf(text.id, text.commands) : { standard })),
    commands: text.commands,
    statusWords: text.statusWords ?? [],
    destructive: text.destructive ?? false,
    needs: Object.values(needs ?? {}),
    bind(card: CardDeclaration) {
      const found: Record<string, unknown> = {};
      for (const [name, need] of Object.entries(needs ?? {})) {
        const part = need.find(card);
        if (part === null) return `the card has not ${need.words}, as far as it is declared`;
        found[name] = part;
      }
      try {
        const steps = text.steps(found as Found<N>);
        return typeof steps === 'string' ? steps : steps.flat();
      } catch (error) {
        if (error instanceof DoesNotApply) return error.message;
        throw error;
      }
    },
  };
}

/** A command that is judged. `expect` is a status word alone or the whole expectation. */
export function send(
  words: string,
  command: string,
  expect: string | Expectation,
  capture?: Readonly<Record<string, Capture>>,
): CommandStep {
  const expectation = typeof expect === 'string' ? { status: expect } : expect;
  return {
    kind: 'command',
    role: 'judged',
    words,
    command,
    expect: expectation,
    ...(capture === undefined ? {} : { capture }),
  };
}

/** 9000 and these data, a pattern. */
export function ok(data?: string): Expectation {
  return data === undefined ? { status: '9000' } : { status: '9000', data };
}

/** A file was selected; whether control information comes with it depends on the card's form of SELECT. */
export const SELECTED: Expectation = { status: '9000|61XX' };

/** One of several refusals, of which a card with Vitap's decisions gives `decided`. */
export function refused(status: string, decided?: string): Expectation {
  return decided === undefined ? { status, data: '' } : { status, decided, data: '' };
}

export const COLD: PowerStep = { kind: 'power', mode: 'cold' };
export const WARM: PowerStep = { kind: 'power', mode: 'warm' };

export function sweep(
  words: string,
  command: string,
  values: readonly string[],
  expect: string | Expectation,
  before?: string,
): SweepStep {
  const expectation = typeof expect === 'string' ? { status: expect } : expect;
  return {
    kind: 'sweep',
    words,
    command,
    values,
    expect: expectation,
    ...(before === undefined ? {} : { before }),
  };
}

/** Bytes from..to in hex, without those that are left out. */
export function bytesFrom(from: number, to: number, except: readonly number[] = []): string[] {
  const values: string[] = [];
  for (let value = from; value <= to; value++) if (!except.includes(value)) values.push(hex(value));
  return values;
}

/** Lc and data field, short; nothing for no data. With more than 255 bytes the case does not apply. */
export function field(data: string): string {
  const bytes = data.replace(/\s+/g, '');
  if (bytes === '') return '';
  const nc = bytes.length / 2;
  if (nc > 255) throw new DoesNotApply(`what the case sends are ${nc} bytes here, and a short command carries 255`);
  return `${hex(nc)}${bytes}`;
}

/** Lc and data field, extended: three bytes of Lc. */
export function extendedField(data: string): string {
  const bytes = data.replace(/\s+/g, '');
  const nc = bytes.length / 2;
  return `00${hex(nc >> 8, nc & 0xff)}${bytes}`;
}

/** A primitive data object in hex, with a length of up to 65,535. */
export function tlv(tag: string, value: string): string {
  const bytes = value.replace(/\s+/g, '');
  const length = bytes.length / 2;
  const size =
    length < 0x80 ? hex(length) : length < 0x100 ? `81${hex(length)}` : `82${hex(length >> 8, length & 0xff)}`;
  return `${tag}${size}${bytes}`;
}
